using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Npgsql;

namespace Clientele.Server.Commands;

/// <summary>Works on an import and shows how it goes, until it is done or somebody wants to stop.</summary>
internal static class ImportFollow
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(30);

    /// <param name="alone">No server can be over this database: it is our own and was started for the command.</param>
    /// <param name="served">Beside a server that runs its own PostgreSQL: whether a process has its data folder. Null: that is not so.</param>
    /// <param name="patience">How long its database may be away, and nobody have the folder, until it counts as stopped.</param>
    /// <returns>The import, which has ended; null: the server was stopped before, which has been said.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; how far it came, and how it goes on, has been said.</exception>
    public static async Task<ImportView?> ToEnd(ImportWorker worker, Db db, Guid id, bool alone, Func<bool>? served, TimeSpan patience, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var work = Task.Run(() => Work(worker, db, id, stop.Token), CancellationToken.None);
        var gone = false;
        try
        {
            gone = await Watch(work, db, id, served, patience, ct);
            if (gone) await stop.CancelAsync();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { }
        // The caller closes the database after us: by then the worker must have given its lease back.
        finally { await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); }
        if (!Console.IsErrorRedirected) await Console.Error.WriteLineAsync();
        if (gone)
        {
            await Console.Error.WriteLineAsync("clientele: the server was stopped. The import is kept: start the server and it goes on by itself, or run the same command again.");
            return null;
        }
        if (work.IsCanceled)
        {
            await Console.Error.WriteLineAsync($"clientele: {await Stopped(db, id, alone)}");
            ct.ThrowIfCancellationRequested();
        }
        await work;
        return await ImportCommands.Get(db, id, CancellationToken.None);
    }

    private static async Task Work(ImportWorker worker, Db db, Guid id, CancellationToken ct)
    {
        // Not ours alone: a server may have taken it, then this finds nothing and looks again.
        while (true)
        {
            try
            {
                if (!await worker.RunNext(ct, id) && (await ImportCommands.Get(db, id, ct)).State is "completed" or "failed" or "cancelled" or "undone") return;
            }
            catch (NpgsqlException e) when (Databases.IsAway(e))
            {
                // A database that was killed comes back: the server beside us restarts it, and the import goes on. Said by Watch, once.
            }
            await Task.Delay(500, ct);
        }
    }

    /// <returns>True: the database is a server's that was stopped.</returns>
    private static async Task<bool> Watch(Task work, Db db, Guid id, Func<bool>? served, TimeSpan patience, CancellationToken ct)
    {
        long? since = null, said = null;
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(500, ct));
            try
            {
                var now = await ImportCommands.Get(db, id, ct);
                since = said = null;
                if (!Console.IsErrorRedirected) await Show(now);
            }
            catch (NpgsqlException e) when (Databases.IsAway(e))
            {
                var now = TimeProvider.System.GetTimestamp();
                since ??= now;
                if (served is not null && TimeProvider.System.GetElapsedTime(since.Value, now) >= patience && !served()) return true;
                if (said is { } before && TimeProvider.System.GetElapsedTime(before, now) < SayAgain) continue;
                await Console.Error.WriteLineAsync(said is null ? "The database is away; the import goes on when it is back." : "The database is still away.");
                said = now;
            }
        }
        return false;
    }

    private static Task Show(ImportView import)
    {
        var filled = (int)(import.Progress * 30);
        var left = import.SecondsLeft is { } s ? $"{s:0} s left" : string.Empty;
        return Console.Error.WriteAsync($"\r{import.State,-9} [{new string('#', filled)}{new string('.', 30 - filled)}] {import.Progress:0 %} {left}        ");
    }

    private static async Task<string> Stopped(Db db, Guid id, bool alone)
    {
        try
        {
            // A server looks for work every second: whether there is one is seen by its taking this.
            var taken = false;
            for (var look = 0; !alone && !taken && look < 6; look++)
            {
                if (look > 0) await Task.Delay(500, CancellationToken.None);
                taken = await ImportCommands.IsWorkedOn(db, id, CancellationToken.None);
            }
            var now = await ImportCommands.Get(db, id, CancellationToken.None);
            if (now.State is "completed" or "failed" or "cancelled" or "undone") return $"the import is {now.State}.";
            var (lines, done) = now.State is "queued" or "reading" ? (now.LinesRead, "read") : (now.Written, "written");
            var far = string.Create(CultureInfo.InvariantCulture, $"{lines:N0} of {now.Lines:N0} lines {done}");
            return taken
                ? $"stopped here at {far}, and the server goes on with it. To stop it there: console, Imports, {now.FileName}, \"Stop the import\"."
                : $"stopped at {far}, which stay. Run the same command again to go on; a server started over this database goes on by itself.";
        }
        catch (NpgsqlException e)
        {
            return $"stopped; the database does not say how far it came ({e.Message.ReplaceLineEndings(" ")}). What was written stays: run the same command again to go on.";
        }
    }
}
