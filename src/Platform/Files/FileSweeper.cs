using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Files;

/// <summary>
/// Removes the bytes of files that are gone, and what no row has spoken of for a month: uploads whose node was killed between the bytes and the row.
/// A month, because a restored backup knows only files of its day, and a newer one, kept for thirty days, may be restored after it.
/// Safe on every node at once, and killed at any moment: what was not finished is done again.
/// </summary>
public sealed partial class FileSweeper(Databases databases, IFileStore store, TimeProvider clock, ILogger<FileSweeper> logger) : BackgroundService
{
    private const int Together = 100;

    /// <summary>A store with more than so many strangers than files of ours is hardly this database's.</summary>
    private const int SuspiciousOrphans = 20;

    private static readonly TimeSpan spared = TimeSpan.FromDays(31);

    private readonly Db db = new(databases.Service, Tenant.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10), clock);
        // Not at the start, when a restored database may still be looked at.
        var sweep = clock.GetUtcNow().AddHours(1);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RemoveDue(stoppingToken);
                    if (clock.GetUtcNow() < sweep) continue;
                    await Sweep(stoppingToken);
                    sweep = clock.GetUtcNow().AddDays(1);
                }
                catch (Exception e) when (e is Npgsql.NpgsqlException or FileStoreException) { LogFailed(e); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
    }

    /// <summary>Removes what is due.</summary>
    /// <returns>How many files' bytes are gone now.</returns>
    public async Task<int> RemoveDue(CancellationToken ct)
    {
        var done = 0;
        while (true)
        {
            // Taken for five minutes, in a transaction of its own: a store may be slow, and an open transaction holds up the log.
            var keys = await db.List<string>($"""
                update platform.file_removals r set due_at = now() + interval '5 minutes', tries = r.tries + 1
                from (select d.key from platform.file_removals d where d.due_at <= now() order by d.due_at limit {Together} for update skip locked) as due
                where r.key = due.key
                returning r.key
                """, ct);
            if (keys.Count == 0) return done;
            var gone = new List<string>();
            foreach (var key in keys)
            {
                try
                {
                    await store.Delete(key, ct);
                    gone.Add(key);
                }
                catch (FileStoreException e)
                {
                    // Ever more slowly, a day at most.
                    await db.Run($"""
                        update platform.file_removals r set due_at = now() + least(interval '1 day', interval '1 minute' * power(2, least(r.tries, 11))), last_error = {e.Message}
                        where r.key = {key}
                        """, ct);
                    LogKept(e, key);
                }
            }
            await db.Run($"delete from platform.file_removals r where r.key = any({gone.ToArray()})", ct);
            done += gone.Count;
        }
    }

    /// <summary>Removes bytes older than a month that no row speaks of.</summary>
    /// <returns>How many.</returns>
    public async Task<int> Sweep(CancellationToken ct)
    {
        var (orphans, known) = (new List<string>(), 0);
        var page = new List<(string Key, Guid Organization, Guid Id)>();
        await foreach (var file in store.List(string.Empty, ct))
        {
            // What is not named as ours is not ours.
            if (file.ModifiedAt > clock.GetUtcNow() - spared || file.Key.Split('/') is not [var first, var second] || !Guid.TryParseExact(first, "D", out var organization) || !Guid.TryParseExact(second, "D", out var id)) continue;
            page.Add((file.Key, organization, id));
            if (page.Count == 1000) await Look();
        }
        await Look();
        if (orphans.Count > SuspiciousOrphans && orphans.Count > known)
        {
            LogSuspicious(orphans.Count, known);
            return 0;
        }
        foreach (var orphan in orphans) await store.Delete(orphan, ct);
        if (orphans.Count > 0) LogSwept(orphans.Count);
        return orphans.Count;

        async Task Look()
        {
            var there = (await db.List<Guid>($"""
                select f.id from unnest({page.Select(p => p.Organization).ToArray()}, {page.Select(p => p.Id).ToArray()}) as k (organization_id, id)
                join platform.files f on f.organization_id = k.organization_id and f.id = k.id
                """, ct)).ToHashSet();
            orphans.AddRange(page.Where(p => !there.Contains(p.Id)).Select(p => p.Key));
            known += there.Count;
            page.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Clearing up files failed; it goes on in ten seconds")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The bytes of {Key} could not be removed; it is tried again")]
    private partial void LogKept(Exception exception, string key);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} files that no row speaks of were removed from the store")]
    private partial void LogSwept(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Orphans} files in the store are unknown to this database and only {Known} are known: does the store belong to another one? Nothing was removed")]
    private partial void LogSuspicious(int orphans, int known);
}
