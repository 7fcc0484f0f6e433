import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

/** A modal dialog. Escape closes it, and the focus returns to what opened it. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // A layout effect ends while the element is still in the page: only then the focus returns.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={heading} onCancel={close}>
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}
