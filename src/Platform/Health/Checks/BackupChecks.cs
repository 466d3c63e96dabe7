using System.Globalization;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Health.Checks;

/// <summary>Could what there is be restored, if it had to be now? Why a backup failed stands on the page of backups, for operators.</summary>
internal static class BackupChecks
{
    // A day, and time to make one.
    private const double LateHours = 26;

    private sealed record Backups(double? NewestHours, double InstalledHours, bool LastFailed, bool TrialFailed, int Lost);

    public static HealthCheck Newest(BackupWorker worker, Databases databases) => new("platform", "backups", TimeSpan.FromSeconds(5), async ct =>
    {
        var found = await new Db(databases.Service, Tenant.None).One<Backups>($"""
            select extract(epoch from now() - max(b.started_at) filter (where b.kind = 'backup' and b.state = 'complete'))::double precision / 3600 as newest_hours,
                   (select extract(epoch from now() - min(m.applied_at))::double precision / 3600 from platform.schema_migrations m) as installed_hours,
                   coalesce((array_agg(b.state order by b.started_at desc) filter (where b.kind = 'backup' and b.state in ('complete', 'failed')))[1] = 'failed', false) as last_failed,
                   coalesce((array_agg(b.state order by b.started_at desc) filter (where b.kind = 'test' and b.state in ('complete', 'failed')))[1] = 'failed', false) as trial_failed,
                   coalesce((array_agg(b.lost_files order by b.started_at desc) filter (where b.kind = 'backup' and b.state = 'complete'))[1], 0) as lost
            from platform.backups b
            """, ct);
        return Find(worker.Options?.At is not null, found.NewestHours, found.InstalledHours, found.LastFailed, found.TrialFailed, found.Lost);
    });

    /// <param name="daily">One is to be made each day.</param>
    /// <param name="newest">Hours since the newest whole one; null: there is none.</param>
    /// <param name="installed">Hours since the installation began.</param>
    /// <param name="lastFailed">The last that was tried is not whole.</param>
    /// <param name="trialFailed">The last that was restored on trial could not be.</param>
    /// <param name="lost">Stored files the newest whole one does not have, since their bytes were lost.</param>
    public static Finding Find(bool daily, double? newest, double installed, bool lastFailed, bool trialFailed, int lost = 0)
    {
        var data = new { daily, newestHours = newest is { } hours ? Math.Round(hours, 1) : (double?)null, lostFiles = lost };
        if (trialFailed) return Finding.Unhealthy("backup_trial_failed", "The last backup that was restored on trial could not be. The page Backups says why; make another one now.", data);
        if (lastFailed) return Finding.Degraded("backup_failed", "The last backup failed. The page Backups says why.", data);
        if (daily && newest is null && installed > LateHours)
            return Finding.Degraded("backup_missing", "There is no backup yet. Is a node running at the time they are made?", data);
        if (daily && newest > LateHours)
            return Finding.Degraded("backup_old", string.Create(CultureInfo.InvariantCulture, $"The newest backup is {newest:0} hours old. Is a node running at the time they are made?"), data);
        if (lost > 0)
            return Finding.Degraded("backup_files_lost", string.Create(CultureInfo.InvariantCulture, $"The newest backup is without {lost:N0} stored {(lost == 1 ? "file" : "files")} whose bytes are lost. The page Backups says which: put the bytes back from elsewhere, or delete what lost them."), data);
        return Finding.Well(data);
    }

    public static HealthCheck Archive(BackupWorker worker) => new("node", "archive", TimeSpan.FromSeconds(5), _ => Task.FromResult(
        worker.Archive is { } archive ? Find(archive) : Finding.Well()))
    { OfEachNode = true };

    public static Finding Find(ArchiveStatus archive) => archive.Problem is { } reason
        ? Finding.Degraded("archive_at_fault", reason, new { usedBytes = archive.Bytes, limitBytes = archive.LimitBytes, reason })
        : Finding.Well(new { usedBytes = archive.Bytes, limitBytes = archive.LimitBytes });
}
