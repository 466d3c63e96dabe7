using Clientele.Platform.Backups;
using Clientele.Platform.Log;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>The tests of backups, one after the other: they run PostgreSQL's programs.</summary>
[CollectionDefinition]
public sealed class BackupCollection : ICollectionFixture<BackupDatabase>;

/// <summary>A database with events of two organizations, and a folder for its backups.</summary>
public sealed class BackupDatabase : TestDatabase
{
    public string Root { get; } = Directory.CreateTempSubdirectory("clientele-backup-").FullName;

    public override async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        await base.InitializeAsync();
        foreach (var tenant in (Tenant[])[Alpha, Beta])
            await For(tenant).InTransaction(t => EventLog.Append(t, [new NewEvent("visited", DateTimeOffset.UtcNow), new NewEvent("left", DateTimeOffset.UtcNow)], CancellationToken.None), CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>A folder of its own for a test.</summary>
    public async Task<BackupOptions> Options(string name) => new(Path.Combine(Root, name), Path.Combine(Root, name, "backups"), await Administrator(), new TimeOnly(2, 30), TestDays: 0);

    public async Task<string> Administrator() => RestoreBackup.In(await TestServer.Connection, new NpgsqlConnectionStringBuilder(ConnectionString).Database!);

    /// <summary>A backup in a folder of its own.</summary>
    /// <param name="keys">Given, they are in it.</param>
    internal async Task<BackupFolder> Backup(string name, KeyRing? keys = null)
    {
        var options = await Options(name);
        Directory.CreateDirectory(options.DataFolder);
        return await MakeBackup.Run(options, keys ?? KeyRing.Temporary(), withKeys: keys is not null, null, TestContext.Current.CancellationToken);
    }

    /// <summary>A backup that is whole as far as its list goes; there is nothing in it.</summary>
    internal static async Task<BackupFolder> Sealed(string folder, string name)
    {
        var at = DateTimeOffset.ParseExact(name, "yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal);
        var partial = Directory.CreateDirectory(Path.Combine(folder, name + ".partial")).FullName;
        return await BackupFolder.Seal(partial, new Manifest(1, name, "0", "15", at, at, 1, 1, null, new Dictionary<string, long>(), false, false), TestContext.Current.CancellationToken);
    }
}
