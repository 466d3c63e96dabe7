using Clientele.Platform.Data;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Audit;

/// <summary>Holds an organization's audit trail against its seals.</summary>
public sealed class AuditVerifier(Databases databases, KeyRing keys)
{
    private const int Page = 20;
    private readonly Db db = new(databases.Service, Tenant.None);

    /// <param name="Entries">Entries that are sealed.</param>
    /// <param name="Unsealed">Entries so new that they are not sealed yet.</param>
    /// <param name="Head">The last block's hash, in hexadecimal; whoever keeps it elsewhere notices when the end of the trail is cut off. Null without a block.</param>
    /// <param name="Unsigned">Blocks whose signature could not be looked at, since its key is not in the ring.</param>
    /// <param name="Faults">What is not as it was sealed.</param>
    public sealed record Report(Guid Organization, long Blocks, long Entries, long Unsealed, string? Head, long Unsigned, IReadOnlyList<Fault> Faults)
    {
        /// <summary>The hash that was asked for is the hash of one of the blocks.</summary>
        public bool HasExpectedHead { get; init; } = true;
    }

    /// <param name="Kind"><c>changed</c>, <c>removed</c>, <c>inserted</c>, <c>reordered</c>, <c>emptied</c> (without an erasure), <c>seal</c>, <c>signature</c> or <c>chain</c>.</param>
    /// <param name="Block">Where in the chain.</param>
    /// <param name="Entry">Which entry; null when it is about the block.</param>
    public sealed record Fault(string Kind, long Block, Guid? Entry);

    private sealed record Seal(long Block, Guid[] EntryIds, byte[][] Digests, short Epoch, string Writer, long Position, byte[] Previous, byte[] Hash, byte[] Computed, string KeyId, byte[] Signature);

    private sealed record Entry(Guid Id, byte[] Digest, bool Whole, bool Emptied);

    private sealed record Place(short Epoch, string Writer, long Position);

    /// <param name="organization">Whose trail.</param>
    /// <param name="expected">A head that was noted down earlier; null: none.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<Report> Verify(Guid organization, string? expected, CancellationToken ct)
    {
        var (faults, blocks, entries, unsigned) = (new List<Fault>(), 0L, 0L, 0L);
        var (last, found) = (new byte[32], expected is null);
        var place = new Place(0, "0", 0);
        var erased = (await db.List<Guid>($"""
            select distinct e.value::uuid from platform.activity_logs a cross join lateral jsonb_array_elements_text(a.additional_context -> 'entries') as e (value)
            where a.organization_id = {organization} and a.activity_type = 'erase' and a.resource_type = 'audit_entries' and jsonb_typeof(a.additional_context -> 'entries') = 'array'
            """, ct)).ToHashSet();
        var number = 0L;
        while (await Seals(organization, number, ct) is { Count: > 0 } page)
        {
            foreach (var seal in page)
            {
                // Blocks that are gone, from the middle or the beginning.
                if (seal.Block != number + 1 || !seal.Previous.AsSpan().SequenceEqual(last)) faults.Add(new Fault("chain", seal.Block, null));
                if (!seal.Hash.AsSpan().SequenceEqual(seal.Computed)) faults.Add(new Fault("seal", seal.Block, null));
                switch (keys.Verify(seal.KeyId, seal.Hash, seal.Signature))
                {
                    case null: unsigned++; break;
                    case false: faults.Add(new Fault("signature", seal.Block, null)); break;
                }
                faults.AddRange(await Compare(organization, seal, place, erased, ct));
                found |= expected is not null && Convert.ToHexStringLower(seal.Hash) == expected;
                (number, last, place) = (seal.Block, seal.Hash, new Place(seal.Epoch, seal.Writer, seal.Position));
                blocks++;
                entries += seal.EntryIds.Length;
            }
        }
        var unsealed = await db.One<long>($"""
            select count(*) from platform.activity_logs a
            where a.organization_id = {organization} and (a.epoch, a.writer, a.position) > ({place.Epoch}, {place.Writer}::text::xid8, {place.Position})
            """, ct);
        return new Report(organization, blocks, entries, unsealed, blocks == 0 ? null : Convert.ToHexStringLower(last), unsigned, faults) { HasExpectedHead = found };
    }

    private Task<List<Seal>> Seals(Guid organization, long after, CancellationToken ct) => db.List<Seal>($"""
        select s.block, s.entry_ids, s.digests, s.epoch, s.writer::text as writer, s.position, s.previous, s.hash,
               platform.seal_hash(s.organization_id, s.block, s.sealed_at, s.previous, s.entry_ids, s.digests) as computed, s.key_id, s.signature
        from platform.audit_seals s where s.organization_id = {organization} and s.block > {after} order by s.block limit {Page}
        """, ct);

    private async Task<List<Fault>> Compare(Guid organization, Seal seal, Place after, HashSet<Guid> erased, CancellationToken ct)
    {
        var faults = new List<Fault>();
        var rows = await db.List<Entry>($"""
            select a.id, platform.activity_digest(a) as digest,
                   case when a.salt is null then a.old_values is null and a.new_values is null and a.resource_name is null
                        else a.personal_digest is not distinct from platform.personal_digest(a.salt, a.old_values, a.new_values, a.resource_name) end as whole,
                   a.salt is null as emptied
            from platform.activity_logs a
            where a.organization_id = {organization} and a.id = any({seal.EntryIds})
            order by a.epoch, a.writer, a.position
            """, ct);
        var sealedAs = new Dictionary<Guid, byte[]>();
        for (var i = 0; i < Math.Min(seal.EntryIds.Length, seal.Digests.Length); i++) sealedAs[seal.EntryIds[i]] = seal.Digests[i];
        var there = rows.Select(r => r.Id).ToHashSet();
        faults.AddRange(seal.EntryIds.Where(id => !there.Contains(id)).Select(id => new Fault("removed", seal.Block, id)));
        var order = seal.EntryIds.Where(there.Contains).ToList();
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (i < order.Count && order[i] != row.Id) faults.Add(new Fault("reordered", seal.Block, row.Id));
            else if (!row.Whole || !row.Digest.AsSpan().SequenceEqual(sealedAs.GetValueOrDefault(row.Id))) faults.Add(new Fault("changed", seal.Block, row.Id));
            else if (row.Emptied && !erased.Contains(row.Id)) faults.Add(new Fault("emptied", seal.Block, row.Id));
        }
        var inserted = await db.List<Guid>($"""
            select a.id from platform.activity_logs a
            where a.organization_id = {organization} and (a.epoch, a.writer, a.position) > ({after.Epoch}, {after.Writer}::text::xid8, {after.Position})
            and (a.epoch, a.writer, a.position) <= ({seal.Epoch}, {seal.Writer}::text::xid8, {seal.Position}) and a.id <> all({seal.EntryIds})
            """, ct);
        faults.AddRange(inserted.Select(id => new Fault("inserted", seal.Block, id)));
        return faults;
    }
}
