/** Stands in for `lib/auth` where a test says who asks: `vi.mock("@/lib/auth", () => import("@/e2e/support/sign-in"))`. */
export const request = { user: null as { id: string } | null };

export const getUser = async () => request.user;
export const becomeGuest = async () => ({ user: { id: "bob" }, cookies: [] });
export const canSendMail = () => false;
