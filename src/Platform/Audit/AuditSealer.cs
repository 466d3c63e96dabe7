using Clientele.Platform.Data;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Audit;

/// <summary>
/// Seals the audit trail: what is below the watermark, block by block, each with the hash of the one before. Whoever writes an
/// entry never waits for it. Safe on every node at once: one seals an organization at a time.
/// </summary>
public sealed partial class AuditSealer(Databases databases, KeyRing keys, TimeProvider clock, ILogger<AuditSealer> logger) : BackgroundService
{
    private readonly Db db = new(databases.Service, Tenant.None);

    private sealed record Block(
        long Number, Guid[] EntryIds, byte[][] Digests, short Epoch, string Writer, long Position, byte[] Previous, byte[] Hash, DateTimeOffset SealedAt);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10), clock);
        do
        {
            try { await SealAll(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (NpgsqlException e) { LogFailed(e); }
        }
        while (await Tick(timer, stoppingToken));
    }

    /// <summary>Seals whatever can be sealed now.</summary>
    /// <returns>How many blocks were made.</returns>
    public async Task<int> SealAll(CancellationToken ct)
    {
        var blocks = 0;
        foreach (var organization in await db.List<Guid>($"select o from platform.unsealed_trails() o", ct))
            while (await SealNext(organization, ct)) blocks++;
        return blocks;
    }

    private Task<bool> SealNext(Guid organization, CancellationToken ct) => db.InTransaction(async t =>
    {
        if (!await t.One<bool>($"select pg_try_advisory_xact_lock(hashtext('platform.audit_seals'), hashtext({organization.ToString()}))", ct)) return false;
        var next = await t.Find<Block>($"""
            select s.block as number, s.entry_ids, s.digests, s.epoch, s.writer::text as writer, s.position, s.previous, s.hash, s.sealed_at from platform.next_seal({organization}) s
            """, ct);
        if (next is null) return false;
        var (key, signature) = keys.Sign(next.Hash);
        await t.Run($"""
            insert into platform.audit_seals (organization_id, block, entry_ids, digests, epoch, writer, position, previous, hash, key_id, signature, sealed_at)
            values ({organization}, {next.Number}, {next.EntryIds}, {next.Digests}, {next.Epoch}, {next.Writer}::text::xid8, {next.Position}, {next.Previous}, {next.Hash}, {key}, {signature}, {next.SealedAt})
            """, ct);
        return true;
    }, ct);

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit trail could not be sealed; it is tried again in ten seconds")]
    private partial void LogFailed(Exception exception);
}
