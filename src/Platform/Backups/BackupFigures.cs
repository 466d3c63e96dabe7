using System.Diagnostics.Metrics;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.PrivatePostgres;

namespace Clientele.Platform.Backups;

/// <summary>
/// Figures of backups, for <c>/metrics</c> and OpenTelemetry. What they are of is looked up each minute by whoever makes backups; ages are
/// worked out when somebody asks, so that they grow while the database or the archive is away.
/// </summary>
public sealed class BackupFigures
{
    private readonly Counter<long> runs;

    /// <param name="factory">Whose listeners hear them.</param>
    /// <param name="clock">Tells how old something is.</param>
    public BackupFigures(IMeterFactory factory, TimeProvider clock)
    {
        var meter = factory.Create(PlatformFigures.Name);
        double Age(DateTimeOffset of) => (clock.GetUtcNow() - of).TotalSeconds;
        runs = meter.CreateCounter<long>("clientele.backup.runs", "{run}", "Backups and restores on trial that ended on this node.");
        meter.CreateObservableGauge("clientele.backup.age", () => Of(Newest, n => Age(n.StartedAt)), "s", "Age of the newest whole backup.");
        meter.CreateObservableGauge("clientele.backup.size", () => Of(Newest, n => n.Bytes), "By", "Size of the newest whole backup, without stored files.");
        meter.CreateObservableGauge("clientele.backup.lost_files", () => Of(Newest, n => n.LostFiles), "{file}", "Stored files that are not in the newest whole backup, since their bytes were lost.");
        meter.CreateObservableGauge("clientele.archive.age", () => Of(Archive, a => Age(a.To!.Value)), "s", "Age of the newest archived segment of the log of PostgreSQL.");
    }

    /// <summary>Null: there is none, or nobody has looked yet.</summary>
    internal BackupRecords.Newest? Newest { get; set; }

    /// <summary>Of this node; null: it keeps none, or nothing is archived yet.</summary>
    internal ArchiveStatus? Archive { get; set => field = value is { To: not null } ? value : null; }

    /// <param name="kind"><c>backup</c> or <c>test</c>.</param>
    /// <param name="status"><c>complete</c> or <c>failed</c>.</param>
    internal void Ended(string kind, string status) => runs.Add(1, new("kind", kind), new("status", status));

    // What is not there is not told: nought would be a lie.
    private static IEnumerable<Measurement<double>> Of<T>(T? found, Func<T, double> value) where T : class => found is null ? [] : [new(value(found))];
}
