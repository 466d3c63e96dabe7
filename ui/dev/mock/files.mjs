const made = (id, name, contentType, bytes, sensitive, day) => ({
  id,
  name,
  contentType,
  bytes,
  sensitive,
  uploadedBy: 'Ada Okafor',
  createdAt: `2026-10-${day}T09:30:00Z`,
  expiresAt: null,
});

/** The same documents for every customer. */
export const documents = [
  made('f1', 'Passport.jpg', 'image/jpeg', 1_843_200, true, '20'),
  made('f2', 'Framework contract 2026.pdf', 'application/pdf', 412_650, false, '12'),
  made('f3', 'Delivery addresses.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 18_004, false, '02'),
];

export function add(name, bytes, sensitive) {
  const file = {
    ...made(`f${documents.length + 1}`, name, 'application/pdf', bytes, sensitive, '21'),
    createdAt: new Date().toISOString(),
  };
  documents.unshift(file);
  return file;
}
