/** Where the API is. Programs call it with a key, and no cookie counts there. */
export const API_PATH = "/api/agent";

export function isApiPath(pathname: string): boolean {
  return pathname === API_PATH || pathname.startsWith(`${API_PATH}/`);
}
