import { type ReactNode, useEffect, useId, useRef } from 'react';

/** A modal dialog. Escape closes it. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
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
