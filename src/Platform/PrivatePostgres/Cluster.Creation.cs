using System.Security.Cryptography;
using Npgsql;

namespace Clientele.Platform.PrivatePostgres;

/// <content>How a new one is made: beside its place, whole or not at all (docs/decisions/0017).</content>
internal sealed partial class Cluster
{
    private const string PasswordForInitdb = "initdb.password";

    private const string HalfMade = ".half-made-";

    private static IEnumerable<string> HalfMadeOf(DataFolder folder) =>
        Directory.Exists(folder.Root) ? Directory.EnumerateDirectories(folder.Root, folder.ClusterFolder + HalfMade + "*") : [];

    /// <summary>Beside its place and then renamed, so that a start that was killed leaves no half a cluster.</summary>
    private async Task Create(CancellationToken cancellation)
    {
        ClearPlace();
        logger.CreatingCluster(Binaries.Version, Folder.Cluster);
        var fresh = Unfinished($"{Folder.ClusterFolder}{HalfMade}{Environment.ProcessId}");
        if (!await Account.TakeFolder(fresh.Folder.Cluster, cancellation))
            throw Failure.OfCreation(Folder, Account, "error: the folder cannot be made");
        try
        {
            await fresh.Initialize(cancellation);
            if (options.Fill is { } fill)
                await fresh.Fill(fill, cancellation);
            if (options.Durable)
                await fresh.Sync(cancellation);
            Directory.Move(fresh.Folder.Cluster, Folder.Cluster);
        }
        catch
        {
            // Why it was not made is what counts; what cannot be removed now the next start finds, and says.
            try { await Remove(fresh, CancellationToken.None); }
            catch (PrivatePostgresException left) { logger.LeftHalfMade(left.Message); }
            throw;
        }
        // The new name is on the disk before anything is said to be.
        if (options.Durable && await Command.Run("sync", [Folder.Root], cancellation) is { Succeeded: false } unsynced)
            throw Failure.OfCreation(Folder, Account, unsynced.Output + unsynced.Error);
        password = fresh.password;
    }

    /// <summary>An empty folder gives way; a link or a disk of its own does not.</summary>
    private void ClearPlace()
    {
        var place = new DirectoryInfo(Folder.Cluster);
        if (!place.Exists && place.LinkTarget is null)
            return;
        const string Cure = "A new database is made beside it and takes its place by a new name: put the whole data folder there (--data) instead.";
        if (place.LinkTarget is { } target)
            throw new PrivatePostgresException($"{Folder.Cluster} is a link to {target}. {Cure}");
        try
        {
            place.Delete(); // Empty but for lost+found, or it would have been refused.
        }
        catch (IOException inner)
        {
            throw new PrivatePostgresException($"{Folder.Cluster} is a disk of its own, or not empty. {Cure}", inner);
        }
    }

    /// <summary>
    /// Without waiting for the disk: what is cut short here is thrown away, and what is whole is synced at once, which is
    /// several times faster than thousands of new files one by one.
    /// </summary>
    private async Task Fill(Func<string, CancellationToken, Task> fill, CancellationToken cancellation)
    {
        const string Ended = "ended while its database was made";
        Extra = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off"];
        await WriteSettings(cancellation);
        var end = LogFiles.End(Folder.Logs);
        var postmaster = await Start(cancellation);
        try
        {
            await fill(OwnConnectionString, cancellation);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            var said = LogFiles.SaidSince(end, Folder.Logs);
            if (Failure.DiskIsFull(said) || failed is NpgsqlException and not PostgresException)
                throw Failure.OfStart(Folder, said, Ended);
            throw;
        }
        finally
        {
            await Stop(postmaster);
        }
        if (await Control("Database cluster state", cancellation) is not "shut down")
            throw Failure.OfStart(Folder, LogFiles.SaidSince(end, Folder.Logs), Ended);
    }

    private async Task Sync(CancellationToken cancellation)
    {
        var synced = await Account.Shell(""" "$1" --sync-only -D "$2" """, [Binaries.Initdb, Folder.Cluster], cancellation);
        if (!synced.Succeeded)
            throw Failure.OfCreation(Folder, Account, synced.Output + synced.Error);
    }

    /// <summary>Of a start that was cut short: initdb or PostgreSQL may still be at work there.</summary>
    private async Task Remove(Cluster halfMade, CancellationToken cancellation)
    {
        if (PidFile.Read(halfMade.Folder.Cluster) is { } file && Processes.IsPostmasterOf(file.ProcessId, halfMade.Folder.Cluster))
            await halfMade.Stop(Postmaster.OfStranger(file.ProcessId));
        await halfMade.EndLeftovers();
        foreach (var process in Processes.MakersOf(halfMade.Folder.Cluster))
            await Account.Signal(process, "KILL");
        // What initdb had started ends a moment after it, and may write until then.
        for (var round = 0; Directory.Exists(halfMade.Folder.Cluster); round++)
        {
            if (round == 40)
                throw new PrivatePostgresException($"{halfMade.Folder.Cluster}, which a start that was cut short left half made, cannot be removed: remove it and start again.");
            if (round > 0) await Task.Delay(50, cancellation);
            await Command.Run("rm", ["-rf", "--", halfMade.Folder.Cluster], cancellation);
        }
        await Account.Shell("""rm -f -- "$1/$2" "$1/.s.PGSQL.5432" "$1/.s.PGSQL.5432.lock" """, [SocketFolder, PasswordForInitdb], cancellation);
    }

    private async Task Initialize(CancellationToken cancellation)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        // initdb wants the password in a file that its own account can read: one in the closed socket folder, for as long as it runs.
        const string Script = """
            umask 077; file="$1/$2"; cat > "$file"; shift 2
            "$@" --pwfile="$file"; code=$?
            rm -f "$file"; exit "$code"
            """;
        string[] initdb =
        [
            SocketFolder, PasswordForInitdb, Binaries.Initdb, "-D", Folder.Cluster, "-U", Superuser, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8",
            "--data-checksums", "--no-instructions", "--no-sync",
        ];
        var made = await Account.Shell(Script, initdb, cancellation, secret);
        if (!made.Succeeded)
            throw Failure.OfCreation(Folder, Account, made.Output + made.Error);
        Folder.WriteSecret(Folder.PasswordFile, secret + "\n");
        password = secret;
    }
}
