using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;
using Clientele.Timelines.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Analytics.Queries.Following;

/// <summary>Where a node keeps its timelines.</summary>
/// <param name="Folder">Null: in a folder of the system's temporary ones, gone when the node ends.</param>
public sealed record TimelinesOptions(string? Folder);

/// <summary>How this node's timelines are.</summary>
/// <param name="State"><c>waiting</c> for the database or the folder, <c>building</c> from the whole log, or <c>following</c> it.</param>
/// <param name="Progress">While building: the share that is done, from 0 to 1.</param>
/// <param name="LagSeconds">Since it was last known to have all there was below the log's watermark.</param>
public sealed record TimelinesStatus(string State, double Progress, double LagSeconds, string? Problem);

/// <summary>
/// Follows the log for this node's timelines. Every node has its own, so this is no consumer with a row in the database: the place is in the manifest of the
/// folder. Without a manifest, or when the log has become another, it reads the whole log once, in no order, and compacts.
/// </summary>
public sealed partial class TimelinesNode(Databases databases, TimelinesOptions options, TimeProvider clock, ILogger<TimelinesNode> logger) : BackgroundService
{
    private const int Range = 20_000;
    private const int RowsOfRun = 1_000_000;
    private const long UnsavedAtMost = 200_000;
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UnsavedFor = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ForgottenWithin = TimeSpan.FromHours(1);

    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly SemaphoreSlim stepping = new(1);
    private TimelineFolder? folder;
    private ProfileMirror? mirror;
    private string? temporary;
    private DateTimeOffset current, saved, forgotten;
    private volatile string state = "waiting";
    private double progress;
    private string? problem;

    /// <summary>The state now.</summary>
    public TimelinesStatus Status => new(state, progress, state == "following" ? Math.Max(0, (clock.GetUtcNow() - current).TotalSeconds) : 0, problem);

    /// <summary>The timelines of an organization; null while they are not built.</summary>
    public TimelineStore? Find(Guid organization) => state == "following" ? folder?.Of(organization) : null;

    /// <summary>The place in the log the timelines are at.</summary>
    public LogPlace Place => folder?.Place ?? default;

    /// <summary>Throws the timelines away and reads the whole log, before the next step.</summary>
    public void RequestRebuild() => rebuild = true;

    private volatile bool rebuild, disposed;

    /// <summary>For tests.</summary>
    internal StoreSizes Sizes { get; init; } = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Idle;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var more = await Step(stoppingToken);
                (pause, problem) = (Idle, null);
                if (more) continue;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (Exception e)
            {
                // What was derived is not lost: the place is where it was, or everything is built anew.
                problem = ErrorText.MessageOf(e);
                LogFailed(e);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            }
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await stepping.WaitAsync(CancellationToken.None);
        // Of a batch that was taken in by half nothing is written: what the files hold is whole.
        try { if (state == "following" && !rebuild && !disposed) folder?.Save(); }
        catch (IOException e) { LogFailed(e); }
        finally { stepping.Release(); }
    }

    /// <summary>Takes in what there is, until nothing is left below the watermark: for tests and one-off commands.</summary>
    public async Task CatchUp(CancellationToken ct)
    {
        while (await Step(ct)) { }
        await stepping.WaitAsync(ct);
        try { await mirror!.Refresh(force: true, ct); }
        finally { stepping.Release(); }
    }

    /// <returns>Was there something, so that it should be called again at once?</returns>
    internal async Task<bool> Step(CancellationToken ct)
    {
        await stepping.WaitAsync(ct);
        try
        {
            if (disposed) return false;
            Open();
            var head = await LogHead.Read(db, new LogPoint(Place.Epoch, Place.Writer, Place.Position), ct);
            if (rebuild || RequestedByFile() || folder!.Identity != head.Identity || state == "building")
            {
                await Build(head, ct);
                return true;
            }
            if (mirror is null) await Begin(ct);
            state = "following";
            bool more;
            try
            {
                more = head.Behind && await Follow(head, ct);
                await mirror!.Refresh(force: false, ct);
            }
            catch
            {
                // What tables say may be known by half: the next step reads all of it again.
                mirror = null;
                throw;
            }
            if (!more) current = clock.GetUtcNow();
            var unsaved = folder.Unsaved;
            // What was erased leaves the disk within the hour: all files are written anew for it.
            if (folder.HasErased && clock.GetUtcNow() - forgotten > ForgottenWithin) Forget();
            else if (unsaved > UnsavedAtMost || unsaved > 0 && clock.GetUtcNow() - saved > UnsavedFor) Save();
            return more;
        }
        finally { stepping.Release(); }
    }

    private void Open()
    {
        if (folder is not null) return;
        temporary ??= options.Folder is null ? Directory.CreateTempSubdirectory("clientele-timelines-").FullName : null;
        folder = TimelineFolder.Open(options.Folder ?? temporary!, Sizes);
        saved = forgotten = clock.GetUtcNow();
    }

    // A command beside a running server leaves a file; see "clientele rebuild timelines".
    private bool RequestedByFile() => options.Folder is not null && File.Exists(RebuildFile.Request(options.Folder));

    /// <summary>Writes files now, for tests.</summary>
    internal void SaveNow(bool compact) => folder!.Save(compact);

    private void Save()
    {
        folder!.Save();
        saved = clock.GetUtcNow();
    }

    private void Forget()
    {
        folder!.Save(forget: true);
        saved = forgotten = clock.GetUtcNow();
    }

    /// <summary>What the files do not hold, because it is known from tables: who is who, and what was undone.</summary>
    private async Task Begin(CancellationToken ct)
    {
        var whole = new ProfileMirror(db, folder!, clock);
        await whole.LoadMap(null, [], ct);
        await whole.LoadUndone(ct);
        await whole.Refresh(force: true, ct);
        mirror = whole;
    }

    private async Task<bool> Follow(LogHead head, CancellationToken ct)
    {
        var place = folder!.Place;
        // Numbers only, so that the text is safe: COPY takes no parameters.
        var copy = string.Create(CultureInfo.InvariantCulture, $"""
            copy (
                select {LogCopy.Columns} from log.events e
                where (e.epoch, e.writer, e.position) > ({place.Epoch}::smallint, '{place.Writer}'::xid8, {place.Position})
                and (e.epoch, e.writer) < ({head.Epoch}::smallint, '{head.Watermark}'::xid8)
                order by e.epoch, e.writer, e.position
                limit {Range}
            ) to stdout (format binary)
            """);
        using var bytes = new MemoryStream();
        await db.InTransaction(async t =>
        {
            await using var stream = await t.Connection.BeginRawBinaryCopyAsync(copy, ct);
            await stream.CopyToAsync(bytes, ct);
        }, ct);

        // What control rows stand for, and who is new, is read first: while a store is held, nothing may be waited for.
        var controls = new List<(ControlRow Row, List<Guid> Erased)>();
        bytes.Position = 0;
        var strangers = new HashSet<(Guid Organization, Guid Profile)>();
        var shares = new Dictionary<Guid, RowsOfOne>();
        var ahead = new LogCopy(bytes, null);
        void Share()
        {
            if (!shares.TryGetValue(ahead.Organization, out var share)) shares.Add(ahead.Organization, share = new RowsOfOne());
            share.Add(ahead.LastRow);
        }
        await ahead.Read(
            async row =>
            {
                Share();
                controls.Add((row, row.Type == "customer_erased" ? await mirror!.Erased(row, ct) : []));
            },
            () =>
            {
                Share();
                if (ahead.About is (var of, { } profile) && !folder.Of(of).Knows(profile)) strangers.Add((of, profile));
            }, ct);
        foreach (var of in strangers.GroupBy(s => s.Organization)) await mirror!.Load(of.Key, [.. of.Select(s => s.Profile)], ct);

        await TakeIn(shares, controls);
        // From here on these rows are in: whatever fails below, they must not be read again.
        if (ahead.Rows > 0) folder.Place = ahead.Place;
        foreach (var (control, _) in controls) await mirror!.Obey(control, ct);
        return ahead.Rows == Range;
    }

    /// <summary>
    /// Each organization's rows into its store, one store at a time; those that are being asked come last, so that of this batch nobody waits for who asks
    /// another organization for long. The next batch does, as long as a question may take.
    /// </summary>
    private async Task TakeIn(Dictionary<Guid, RowsOfOne> shares, List<(ControlRow Row, List<Guid> Erased)> controls)
    {
        var taken = 0;
        try
        {
            foreach (var (organization, rows) in shares.OrderBy(s => folder!.Of(s.Key).IsAsked))
            {
                await TakeIn(folder!.Of(organization), rows, [.. controls.Where(c => c.Row.Organization == organization).Select(c => c.Erased)]);
                taken++;
            }
        }
        catch
        {
            // Some have the batch and others do not, which no place in the log describes.
            if (taken > 0) rebuild = true;
            throw;
        }
    }

    private async Task TakeIn(TimelineStore store, RowsOfOne rows, List<List<Guid>> erased)
    {
        using var hold = store.Hold();
        var version = store.Version;
        try
        {
            var next = 0;
            // From memory and not to be cancelled, so that all of it happens on this thread, which holds the store.
            await new LogCopy(rows.Stream(), _ => store).Read(
                _ =>
                {
                    // What came before it in the log is changed by it, what comes after is not.
                    if (erased[next++] is { Count: > 0 } profiles) store.Erase(profiles);
                    return Task.CompletedTask;
                },
                () => { }, CancellationToken.None);
            store.Commit();
        }
        catch
        {
            store.Drop();
            if (store.Version != version) rebuild = true;
            throw;
        }
    }

    private async Task Build(LogHead head, CancellationToken ct)
    {
        LogBuilding();
        (state, progress, mirror) = ("building", 0, null);
        folder!.Clear(head.Identity);
        var expected = await db.One<double>($"""
            select greatest(1, coalesce(sum(c.reltuples) filter (where c.reltuples > 0), 0))::double precision
            from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'log.events'::regclass
            """, ct);
        var builder = new BulkBuilder(folder, RowsOfRun);
        var copy = string.Create(CultureInfo.InvariantCulture, $"""
            copy (
                select {LogCopy.Columns} from log.events e
                where (e.epoch, e.writer) < ({head.Epoch}::smallint, '{head.Watermark}'::xid8)
            ) to stdout (format binary)
            """);
        var began = clock.GetTimestamp();
        var rows = await db.InTransaction(async t =>
        {
            await using var stream = await t.Connection.BeginRawBinaryCopyAsync(copy, ct);
            var reader = new LogCopy(stream, builder.Of);
            await reader.Read(_ => Task.CompletedTask, () =>
            {
                if ((reader.Rows & 0xffff) != 0) return;
                progress = Math.Min(0.9, reader.Rows / expected * 0.9);
                WriteProgress();
            }, ct, builder.Room);
            return reader.Rows;
        }, ct);
        await builder.Finish(ct);
        progress = 0.95;
        // Everything below the watermark is in: the place is just before it.
        folder.Place = new LogPlace(head.Epoch, head.Watermark - 1, long.MaxValue);
        await Begin(ct);
        folder.Save(compact: true);
        (saved, progress, rebuild) = (clock.GetUtcNow(), 1, false);
        state = "following";
        if (options.Folder is not null) RebuildFile.Done(options.Folder);
        LogBuilt(rows, clock.GetElapsedTime(began).TotalSeconds);
    }

    private void WriteProgress()
    {
        if (options.Folder is not null && File.Exists(RebuildFile.Request(options.Folder))) RebuildFile.Report(options.Folder, progress);
    }

    public override void Dispose()
    {
        // A host that is disposed of without being stopped may be in the middle of a step, which ends now.
        base.Dispose();
        stepping.Wait();
        if (!disposed) folder?.Dispose();
        disposed = true;
        stepping.Release();
        if (temporary is not null && Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Timelines do not follow the log; they will try again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Timelines are built from the whole log")]
    private partial void LogBuilding();

    [LoggerMessage(Level = LogLevel.Information, Message = "Timelines are built: {Rows} rows of the log in {Seconds:0.0} s")]
    private partial void LogBuilt(long rows, double seconds);
}

/// <summary>How a command asks a running server to rebuild, and hears how far it is.</summary>
public static class RebuildFile
{
    /// <summary>It is there until the rebuild is done; holds the share that is done.</summary>
    public static string Request(string folder) => Path.Combine(folder, "rebuild");

    internal static void Report(string folder, double progress) => File.WriteAllText(Request(folder), progress.ToString("0.00", CultureInfo.InvariantCulture));

    internal static void Done(string folder) => File.Delete(Request(folder));
}
