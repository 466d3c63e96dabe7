using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>A PostgreSQL that died although nobody stopped it; sessions and prepared statements of before were gone.</summary>
/// <param name="Count">How often since this process has looked after it.</param>
/// <param name="Last">When it was noticed last.</param>
public sealed record PrivatePostgresDeaths(int Count, DateTimeOffset Last);

/// <summary>
/// A PostgreSQL of our own, from the machine's binaries, in Clientele's data folder, reached only by a Unix socket.
/// It is kept running while this lives. If this process is killed it goes on, and the next start adopts it.
/// </summary>
public sealed class PrivatePostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly Cluster cluster;
    private readonly DataFolderLock folderLock;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock stopGuard = new();
    private readonly Task supervision, keeping;
    private Postmaster? postmaster;
    private Task? stop;

    private PrivatePostgresServer(Cluster cluster, DataFolderLock folderLock, Postmaster postmaster, ILogger logger)
    {
        this.cluster = cluster;
        this.folderLock = folderLock;
        this.postmaster = postmaster;
        this.logger = logger;
        Archive = cluster.Keeper();
        supervision = Supervise();
        keeping = Archive is null ? Task.CompletedTask : Keep(Archive);
    }

    /// <summary>For Npgsql: the superuser, in the database <c>postgres</c>.</summary>
    public string ConnectionString => cluster.ConnectionString;

    public string SocketFolder => cluster.SocketFolder;

    /// <summary>The version in full, as 15.4.</summary>
    public string Version => cluster.Binaries.Version;

    /// <summary>Looks after the archive for point-in-time recovery; null when nothing is archived.</summary>
    public ArchiveKeeper? Archive { get; }

    /// <summary>The postmaster's, or null while there is none.</summary>
    public int? ProcessId => postmaster?.ProcessId;

    /// <summary>How often it died and had to be started again; null: never.</summary>
    public PrivatePostgresDeaths? Deaths { get; private set; }

    /// <summary>Starts it, or goes on with the one that an earlier process left running in this folder.</summary>
    /// <exception cref="PrivatePostgresException">It cannot run; the message is one line with the cure.</exception>
    public static async Task<PrivatePostgresServer> Start(PrivatePostgresOptions options, ILogger logger, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var cluster = await (await Cluster.Plan(options, logger, cancellation)).Claim(cancellation);
            var folderLock = await DataFolderLock.Take(cluster.Folder, cancellation);
            try
            {
                var postmaster = await StartLocked(cluster, cancellation);
                logger.Ready(cluster.Binaries.Version, postmaster.ProcessId, cluster.Account.Name, cluster.SocketFolder, clock.ElapsedMilliseconds);
                return new(cluster, folderLock, postmaster, logger);
            }
            catch
            {
                await cluster.RemoveSocketFolder();
                folderLock.Dispose();
                throw;
            }
        }
        catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
        {
            throw Failure.OfFolder(options.DataFolder, inner);
        }
    }

    /// <summary>Stops it: open transactions are rolled back. Close the connection pools before.</summary>
    public Task Stop()
    {
        lock (stopGuard)
            return stop ??= StopOnce();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Archive?.Dispose();
        stopping.Dispose();
    }

    private static async Task<Postmaster> StartLocked(Cluster cluster, CancellationToken cancellation)
    {
        await cluster.Prepare(cancellation);
        var postmaster = await cluster.AdoptOrStop(cancellation) ?? await cluster.Start(cancellation);
        try
        {
            await cluster.Verify(cancellation);
            return postmaster;
        }
        catch
        {
            await cluster.Stop(postmaster);
            throw;
        }
    }

    private async Task StopOnce()
    {
        await stopping.CancelAsync();
        await supervision;
        await keeping;
        if (postmaster is not null)
            await cluster.Stop(postmaster);
        postmaster = null;
        await cluster.RemoveSocketFolder();
        folderLock.Dispose();
        logger.Stopped();
    }

    // By itself and in every command: what is archived grows whoever writes, and backups may take hours.
    private async Task Keep(ArchiveKeeper archive)
    {
        try
        {
            while (true)
            {
                await Task.Delay(cluster.ArchiveEvery, stopping.Token);
                try { await archive.Look(stopping.Token); }
                catch (IOException failed) { logger.ArchiveFailed(failed.Message); }
            }
        }
        catch (OperationCanceledException)
        {
            // We stop.
        }
    }

    private async Task Supervise()
    {
        try
        {
            var delay = ShortestDelay;
            while (true)
            {
                var lifetime = Stopwatch.StartNew();
                await PruneUntilExit();
                delay = lifetime.Elapsed > Healthy ? ShortestDelay : delay;
                delay = await StartAgain(delay);
            }
        }
        catch (OperationCanceledException)
        {
            // We stop.
        }
    }

    private async Task PruneUntilExit()
    {
        while (!postmaster!.Exited.IsCompleted)
        {
            await Task.WhenAny(postmaster.Exited, Task.Delay(PruneInterval, stopping.Token));
            stopping.Token.ThrowIfCancellationRequested();
            await LogFiles.Prune(cluster.Folder.Logs, cluster.Account, stopping.Token);
        }
    }

    /// <summary>Until it runs; answers how long to wait should it die soon again.</summary>
    private async Task<TimeSpan> StartAgain(TimeSpan delay)
    {
        var downtime = Stopwatch.StartNew();
        logger.Died(postmaster!.ProcessId, (long)delay.TotalMilliseconds);
        postmaster = null;
        Deaths = new((Deaths?.Count ?? 0) + 1, TimeProvider.System.GetUtcNow());
        while (true)
        {
            await Task.Delay(delay, stopping.Token);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            try
            {
                postmaster = await cluster.Start(stopping.Token);
                break;
            }
            catch (Exception failed) when (failed is PrivatePostgresException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                logger.DidNotStartAgain(failed.Message, (long)delay.TotalMilliseconds);
            }
        }
        logger.RunsAgain(postmaster.ProcessId, downtime.ElapsedMilliseconds);
        return delay;
    }
}
