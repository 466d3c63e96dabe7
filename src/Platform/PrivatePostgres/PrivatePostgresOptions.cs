using System.Collections.Immutable;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>What a private PostgreSQL needs to know to start.</summary>
public sealed record PrivatePostgresOptions
{
    /// <summary>Clientele's data folder. PostgreSQL lives in its subfolder <c>postgres</c>; it is made when missing.</summary>
    public required string DataFolder { get; init; }

    /// <summary>False only for tests and benchmarks: a crash of the machine may then lose everything.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>PostgreSQL settings on top of Clientele's own, name to value.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// Fills a cluster that is made anew before it takes its place, given the superuser's connection. Waits for the disk once, at the
    /// end; when it fails or is cut short, there is no cluster, and the next start begins again. Null: a new one stays empty.
    /// </summary>
    public Func<string, CancellationToken, Task>? Fill { get; init; }

    /// <summary>Archives PostgreSQL's log for point-in-time recovery; null: nothing is archived. Only of a durable one.</summary>
    public ArchiveOptions? Archive { get; init; }

    /// <summary>The folder of <c>postgres</c> and <c>initdb</c>. Null: the variable CLIENTELE_POSTGRES_BIN, else the newest that is installed.</summary>
    public string? BinariesFolder { get; init; }

    /// <summary>How long a stop may take before PostgreSQL is stopped the hard way (its next start then replays the log).</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
