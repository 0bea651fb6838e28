"use client";

export type VersionNoticeProps = {
  /** Which version is the earlier one, from 1, and of how many. */
  index: number;
  count: number;
  onShow: () => void;
};

/** After an edit or a regenerate: nothing is gone, and this is where it is. */
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
