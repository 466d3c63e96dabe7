using System.Net.Sockets;
using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Npgsql;

namespace Clientele.Server;

/// <summary>Where the data is: a server given by its connection string, or our own in the data folder. Provisioned and migrated.</summary>
internal sealed class DatabaseHome : IAsyncDisposable
{
    private const string Name = "clientele";

    private DatabaseHome(Databases databases, PrivatePostgresServer? server, string? administrator) =>
        (Databases, Postgres, Administrator) = (databases, server, administrator);

    public Databases Databases { get; }

    /// <summary>The private PostgreSQL that this process runs; null: there is none.</summary>
    public PrivatePostgresServer? Postgres { get; }

    /// <summary>Of a private PostgreSQL, its superuser's connection to the platform's database; null with an existing server.</summary>
    public string? Administrator { get; }

    /// <exception cref="SetupException">The given server cannot be used.</exception>
    /// <exception cref="PrivatePostgresException">Our own cannot start.</exception>
    public static async Task<DatabaseHome> Open(string? connection, string dataFolder, ILoggerFactory loggers, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(connection)) return await Prepare(connection, null, null, loggers, ct);
        var options = PrivateOptions(dataFolder) with
        {
            Fill = async (superuser, filling) => await Migrate(await LoginOn(superuser, dataFolder, filling), loggers, filling),
        };
        return await OnPrivate(options, loggers, (server, login) => Prepare(login, server, AdministratorOf(server.ConnectionString), loggers, ct), ct);
    }

    /// <summary>The same without touching the database: neither made nor migrated. For backups, which are made before an upgrade, and restores.</summary>
    public static async Task<DatabaseHome> Reach(string? connection, string dataFolder, ILoggerFactory loggers, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(connection)) return new DatabaseHome(new Databases(connection), null, null);
        if (Known(dataFolder) is { } known && Superuser(dataFolder) is { } superuser && await Answers(known.ConnectionString, ct))
            return new DatabaseHome(new Databases(known.ConnectionString), null, superuser);
        RefuseNothing(dataFolder);
        return await OnPrivate(PrivateOptions(dataFolder), loggers, (server, login) => Task.FromResult(new DatabaseHome(new Databases(login), server, AdministratorOf(server.ConnectionString))), ct);
    }

    /// <summary>The private PostgreSQL for this process alone: refused while a server runs on the folder. Made when there is none.</summary>
    public static Task<DatabaseHome> Alone(string dataFolder, ILoggerFactory loggers, CancellationToken ct) =>
        OnPrivate(PrivateOptions(dataFolder), loggers, (server, login) => Task.FromResult(new DatabaseHome(new Databases(login), server, AdministratorOf(server.ConnectionString))), ct);

    private static async Task<DatabaseHome> OnPrivate(PrivatePostgresOptions options, ILoggerFactory loggers, Func<PrivatePostgresServer, string, Task<DatabaseHome>> use, CancellationToken ct)
    {
        var server = await PrivatePostgresServer.Start(options, loggers.CreateLogger<PrivatePostgresServer>(), ct);
        try
        {
            var login = await LoginOn(server.ConnectionString, options.DataFolder, ct);
            await Remember(options.DataFolder, login, ct);
            await Provisioner.ShowStatements(server.ConnectionString, ct);
            return await use(server, login);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Of the private PostgreSQL on that folder.</summary>
    public static PrivatePostgresOptions PrivateOptions(string dataFolder) => new() { DataFolder = Path.GetFullPath(dataFolder), Archive = ArchiveOptions.FromEnvironment() };

    /// <summary>The platform's login on a private server, with the password this folder knows.</summary>
    public static Task<string> LoginOn(string superuser, string dataFolder, CancellationToken ct) =>
        Provisioner.CreateLogin(superuser, Name, Name, Known(dataFolder)?.Password ?? RandomNumberGenerator.GetHexString(48, lowercase: true), ct);

    private static string AdministratorOf(string connection) => new NpgsqlConnectionStringBuilder(connection) { Database = Name }.ConnectionString;

    // As psql reaches it: what the process that runs on the folder wrote there.
    private static string? Superuser(string dataFolder)
    {
        var file = Path.Combine(Path.GetFullPath(dataFolder), "pg_service.conf");
        if (!File.Exists(file)) return null;
        var said = File.ReadAllLines(file).Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return said.TryGetValue("host", out var host) && said.TryGetValue("user", out var user) && said.TryGetValue("password", out var password)
            ? new NpgsqlConnectionStringBuilder { Host = host, Port = 5432, Username = user, Password = password, Database = Name }.ConnectionString : null;
    }

    private static void RefuseNothing(string dataFolder)
    {
        if (!Directory.Exists(Path.Combine(dataFolder, "postgres")))
            throw new SetupException($"There is no Clientele in {Path.GetFullPath(dataFolder)}. Name its data folder with --data, or its database with --database.");
    }

    private static async Task<DatabaseHome> Prepare(string connection, PrivatePostgresServer? server, string? administrator, ILoggerFactory loggers, CancellationToken ct)
    {
        await Migrate(connection, loggers, ct);
        var databases = new Databases(connection);
        if (administrator is not null) await Provisioner.WatchCatalogue(administrator, ct);
        await new Db(databases.Service, Platform.Tenancy.Tenant.None).One<short>($"select log.verify_epoch()", ct);
        return new DatabaseHome(databases, server, administrator);
    }

    private static async Task Migrate(string connection, ILoggerFactory loggers, CancellationToken ct)
    {
        await Provisioner.Provision(connection, ct);
        await using var databases = new Databases(connection);
        await new Migrator(databases, Modules.All, loggers.CreateLogger<Migrator>()).Migrate(ct);
    }

    /// <summary>For commands beside a running server: the database that serves this data folder now, or one started for the command.</summary>
    public static async Task<DatabaseHome> Attach(string? connection, string dataFolder, ILoggerFactory loggers, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(connection) && Known(dataFolder) is { } known && await Answers(known.ConnectionString, ct)) connection = known.ConnectionString;
        if (string.IsNullOrWhiteSpace(connection)) RefuseNothing(dataFolder);
        return await Open(connection, dataFolder, loggers, ct);
    }

    private static async Task<bool> Answers(string connection, CancellationToken ct)
    {
        try
        {
            await using var probe = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connection) { Pooling = false, Timeout = 3 }.ConnectionString);
            await probe.OpenAsync(ct);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException) { return false; }
    }

    // How to reach our own PostgreSQL as its ordinary login: beside the superuser's password, readable by us alone.
    private static string FileOf(string dataFolder) => Path.Combine(Path.GetFullPath(dataFolder), "login.connection");

    private static NpgsqlConnectionStringBuilder? Known(string dataFolder) =>
        File.Exists(FileOf(dataFolder)) ? new NpgsqlConnectionStringBuilder(File.ReadAllText(FileOf(dataFolder)).Trim()) : null;

    private static async Task Remember(string dataFolder, string login, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(FileOf(dataFolder), options);
        await writer.WriteLineAsync(login.AsMemory(), ct);
    }

    public async ValueTask DisposeAsync()
    {
        await Databases.DisposeAsync();
        if (Postgres is not null) await Postgres.DisposeAsync();
    }
}
