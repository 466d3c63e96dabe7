using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Secrets;

/// <summary>A column that the ring encrypts. Whoever has one registers it, so that a rotation reaches it.</summary>
/// <param name="Name">Schema, table and column.</param>
/// <param name="Rows">All that are not null, as organization_id, id, purpose, secret; on the service role.</param>
/// <param name="Write">Puts another ciphertext in the place of one, unless it has changed meanwhile.</param>
public sealed record SealedColumn(string Name, Sql Rows, Func<SealedRow, byte[], Sql> Write);

/// <param name="Purpose">As it was given to <see cref="KeyRing.Close"/>.</param>
public sealed record SealedRow(Guid OrganizationId, Guid Id, string Purpose, byte[] Secret);

/// <summary>Encrypts anew with the current key what an older one encrypted.</summary>
public sealed class Resealing(Databases databases, KeyRing keys, IEnumerable<SealedColumn> columns)
{
    private readonly Db db = new(databases.Service, Tenant.None);

    /// <param name="Done">Encrypted anew.</param>
    /// <param name="Unreadable">Encrypted with a key that is not in the ring; left as it is.</param>
    public sealed record Result(string Column, long Total, long Done, long Unreadable);

    /// <summary>Safe beside running servers: what changes meanwhile is left alone, being encrypted with the current key by then.</summary>
    public async Task<IReadOnlyList<Result>> Run(CancellationToken ct)
    {
        var results = new List<Result>();
        foreach (var column in columns)
        {
            var (total, done, unreadable) = (0L, 0L, 0L);
            foreach (var row in await db.List<SealedRow>(column.Rows, ct))
            {
                total++;
                if (KeyRing.IdOf(row.Secret) == keys.Current) continue;
                if (keys.Open(row.Purpose, row.Secret) is not { } plain) { unreadable++; continue; }
                done += await db.InTransaction(async t =>
                {
                    await t.Run($"select set_config('clientele.resealing', 'on', true)", ct);
                    return await t.Run(column.Write(row, keys.Close(row.Purpose, plain)), ct);
                }, ct);
            }
            results.Add(new Result(column.Name, total, done, unreadable));
        }
        return results;
    }

    /// <summary>How many values each key has encrypted; "?" for what no ring made.</summary>
    public async Task<IReadOnlyDictionary<string, long>> Count(CancellationToken ct)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var column in columns)
            foreach (var row in await db.List<SealedRow>(column.Rows, ct))
            {
                var id = KeyRing.IdOf(row.Secret) ?? "?";
                counts[id] = counts.GetValueOrDefault(id) + 1;
            }
        return counts;
    }
}
