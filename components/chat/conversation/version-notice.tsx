"use client";

export type VersionNoticeProps = {
  /** The number of the earlier version, from 1, and the number of versions. */
  index: number;
  count: number;
  onShow: () => void;
};

/** Shown after an edit or a regenerate: says that the earlier version is kept, and where. */
export function VersionNotice({ index, count, onShow }: VersionNoticeProps) {
  return (
    <p
      data-slot="version-notice"
      className="flex items-center gap-3 text-xs text-ink-3 before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line"
    >
      <span>
        Your earlier version is{" "}
        <span className="tabular-nums">
          {index}/{count}
        </span>{" "}
        ·{" "}
        <button
          type="button"
          className="rounded-sm text-ink-2 underline decoration-line-strong underline-offset-4 hover:text-ink pointer-coarse:min-h-11 pointer-coarse:px-2"
          onClick={onShow}
        >
          show
        </button>
      </span>
    </p>
  );
}
