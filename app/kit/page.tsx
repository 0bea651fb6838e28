import type { Metadata } from "next";
import { KitGallery } from "./kit-gallery";

export const metadata: Metadata = { title: "Kit", robots: { index: false, follow: false } };

export default function KitPage() {
  return <KitGallery />;
}
