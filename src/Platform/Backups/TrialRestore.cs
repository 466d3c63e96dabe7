using System.Security.Cryptography;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// Restores a backup on trial: into a PostgreSQL of its own that is made for it and thrown away afterwards. On the installation's
/// own server it would hold up every consumer of the log, whose watermark is the whole server's, for as long as the longest table takes.
/// </summary>
public static class TrialRestore
{
    private const string Scratch = "scratch-";

    /// <returns>What was found.</returns>
    /// <exception cref="BackupException">The backup is damaged, or could not be restored.</exception>
    /// <exception cref="SetupException">The programs of PostgreSQL's server are not here, or the backup is of a newer build.</exception>
    public static Task<RestoreBackup.Report> Run(BackupOptions options, BackupFolder backup, IReadOnlyList<IModule> modules, KeyRing keys, Action<string> tell, CancellationToken ct) =>
        OnScratch(options.DataFolder, async (administrator, login) => await new RestoreBackup(modules, keys, tell).Into(backup, administrator, login, "trial", ct), ct);

    /// <summary>Makes a PostgreSQL, lets somebody use it, and throws it away.</summary>
    internal static async Task<T> OnScratch<T>(string dataFolder, Func<string, string, Task<T>> use, CancellationToken ct)
    {
        await Sweep(dataFolder, ct);
        var folder = Path.Combine(dataFolder, Scratch + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
        try
        {
            var server = await PrivatePostgresServer.Start(Options(folder), NullLogger.Instance, ct);
            await using (server)
            {
                var login = await Provisioner.CreateLogin(server.ConnectionString, "clientele", "clientele", RandomNumberGenerator.GetHexString(32, lowercase: true), ct);
                return await use(server.ConnectionString, login);
            }
        }
        catch (PrivatePostgresException e) { throw new SetupException(e.Message, e); }
        finally
        {
            await Remove(folder);
        }
    }

    private static PrivatePostgresOptions Options(string folder) => new()
    {
        DataFolder = folder,
        Durable = false,
        Settings = new Dictionary<string, string> { ["shared_buffers"] = "64MB", ["max_connections"] = "60", ["maintenance_work_mem"] = "128MB", ["max_wal_size"] = "512MB" },
    };

    // Of trials that were killed: their PostgreSQL may go on alone. One that is held is another's, and at work.
    private static async Task Sweep(string dataFolder, CancellationToken ct)
    {
        if (!Directory.Exists(dataFolder)) return;
        foreach (var left in Directory.EnumerateDirectories(dataFolder, Scratch + "*"))
        {
            try { await (await PrivatePostgresServer.Start(Options(left), NullLogger.Instance, ct)).DisposeAsync(); }
            catch (PrivatePostgresException e) when (e.Message.Contains("in use by another", StringComparison.Ordinal)) { continue; }
            catch (PrivatePostgresException) { await Remove(left); continue; }
            await Remove(left);
        }
    }

    // What PostgreSQL's account wrote is removed by root or by that account, which is us.
    private static async Task Remove(string folder)
    {
        NpgsqlConnection.ClearAllPools();
        await Command.Run("rm", ["-rf", "--", folder], CancellationToken.None);
    }
}
