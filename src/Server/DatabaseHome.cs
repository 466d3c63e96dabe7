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
    private readonly PrivatePostgresServer? server;

    private DatabaseHome(Databases databases, PrivatePostgresServer? server) => (Databases, this.server) = (databases, server);

    public Databases Databases { get; }

    /// <exception cref="SetupException">The given server cannot be used.</exception>
    /// <exception cref="PrivatePostgresException">Our own cannot start.</exception>
    public static async Task<DatabaseHome> Open(string? connection, string dataFolder, ILoggerFactory loggers, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(connection)) return await Prepare(connection, null, loggers, ct);
        var server = await PrivatePostgresServer.Start(
            new PrivatePostgresOptions { DataFolder = Path.GetFullPath(dataFolder) }, loggers.CreateLogger<PrivatePostgresServer>(), ct);
        try
        {
            var login = await Provisioner.CreateLogin(server.ConnectionString, Name, Name, Known(dataFolder)?.Password ?? RandomNumberGenerator.GetHexString(48, lowercase: true), ct);
            await Remember(dataFolder, login, ct);
            await Provisioner.ShowStatements(server.ConnectionString, ct);
            return await Prepare(login, server, loggers, ct);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static async Task<DatabaseHome> Prepare(string connection, PrivatePostgresServer? server, ILoggerFactory loggers, CancellationToken ct)
    {
        await Provisioner.Provision(connection, ct);
        var databases = new Databases(connection);
        await new Migrator(databases, Modules.All, loggers.CreateLogger<Migrator>()).Migrate(ct);
        await new Db(databases.Service, Platform.Tenancy.Tenant.None).One<short>($"select log.verify_epoch()", ct);
        return new DatabaseHome(databases, server);
    }

    /// <summary>For commands beside a running server: the database that serves this data folder now, or one started for the command.</summary>
    public static async Task<DatabaseHome> Attach(string? connection, string dataFolder, ILoggerFactory loggers, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(connection) && Known(dataFolder) is { } known && await Answers(known.ConnectionString, ct)) connection = known.ConnectionString;
        if (string.IsNullOrWhiteSpace(connection) && !Directory.Exists(Path.Combine(dataFolder, "postgres")))
            throw new SetupException($"There is no Clientele in {Path.GetFullPath(dataFolder)}. Name its data folder with --data, or its database with --database.");
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
        if (server is not null) await server.DisposeAsync();
    }
}
