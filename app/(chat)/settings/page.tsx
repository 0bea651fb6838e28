import type { Metadata } from "next";
import { listApiKeys } from "@/lib/api-keys/keys";
import { canSendMail, getUser } from "@/lib/auth";
import { readSettings } from "@/lib/chat/chats/settings";
import { listShares } from "@/lib/chat/chats/share";
import { db } from "@/lib/db/client";
import { availableModels } from "@/lib/agent/model-catalog";
import { hookSecret } from "@/lib/events/signature";
import { Settings } from "../../account/settings";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage() {
  const user = await getUser();
  const [settings, shares, apiKeys] = user
    ? await Promise.all([readSettings(db, user.id), listShares(db, user.id), listApiKeys(db, user.id)])
    : [{ defaultModel: null }, [], []];
  return (
    <Settings
      email={user?.email ?? null}
      isVerified={user?.isVerified ?? false}
      canSendMail={canSendMail()}
      models={availableModels()}
      defaultModel={settings.defaultModel}
      shares={shares}
      apiKeys={apiKeys}
      hooks={
        user && !user.isGuest
          ? { userId: user.id, secret: hookSecret(user.id) }
          : { userId: null, secret: null }
      }
    />
  );
}
