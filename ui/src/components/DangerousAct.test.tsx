// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { ApiProblem } from '../api/problem';
import { show } from '../testing';
import { DangerousAct } from './DangerousAct';

const act = {
  title: 'Undo the whole import',
  consequences: ['22,061 orders are removed'],
  remark: 'No way back.',
  name: 'orders.csv',
  action: 'Undo the import',
  onClose: () => undefined,
  pending: false,
  error: null,
};

it('waits for the name to be typed', async () => {
  const onConfirm = vi.fn();
  show(<DangerousAct {...act} onConfirm={onConfirm} />);
  const button = await screen.findByRole('button', { name: 'Undo the import' });
  expect(screen.getByText('22,061 orders are removed')).toBeTruthy();
  expect(button).toHaveProperty('disabled', true);
  fireEvent.change(screen.getByRole('textbox'), { target: { value: 'orders.cs' } });
  expect(button).toHaveProperty('disabled', true);
  fireEvent.change(screen.getByRole('textbox'), { target: { value: 'orders.csv' } });
  fireEvent.click(button);
  expect(onConfirm).toHaveBeenCalledOnce();
});

it('says why it was refused, with the code to quote', async () => {
  show(
    <DangerousAct {...act} onConfirm={() => undefined} error={new ApiProblem(409, 'import_running', 'Wait until it has ended.', 't-1')} />,
  );
  expect((await screen.findByRole('alert')).textContent).toBe('Wait until it has ended. (import_running · t-1)');
});
