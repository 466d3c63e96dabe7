using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Organizations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Tenancy;
using Clientele.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Bench;

/// <summary>A fresh private PostgreSQL with the settings of a real one, founded and migrated; deleted in the end.</summary>
internal sealed class BenchHome : IAsyncDisposable
{
    private readonly string folder;
    private readonly PrivatePostgresServer server;

    private BenchHome(string folder, PrivatePostgresServer server, Databases databases, NpgsqlDataSource superuser)
    {
        (this.folder, this.server, Databases, Superuser) = (folder, server, databases, new Db(superuser, Tenant.None));
        this.superuser = superuser;
    }

    private readonly NpgsqlDataSource superuser;

    public Databases Databases { get; }

    /// <summary>Past row-level security, for COPY.</summary>
    public Db Superuser { get; }

    /// <summary>The superuser's connection string, for databases beside the first.</summary>
    public string Server => server.ConnectionString;

    public Founding.Welcome Welcome { get; private set; } = null!;

    /// <summary>The platform acting for the first organization.</summary>
    public Tenant Tenant { get; private set; } = null!;

    /// <summary>For files of the run.</summary>
    public string File(string name) => Path.Combine(folder, name);

    public static async Task<BenchHome> Start(CancellationToken ct)
    {
        var folder = NewFolder();
        var server = await PrivatePostgresServer.Start(new PrivatePostgresOptions { DataFolder = folder }, NullLogger.Instance, ct);
        var login = await Provisioner.CreateLogin(server.ConnectionString, "clientele", "clientele", Guid.NewGuid().ToString("N"), ct);
        var superuser = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "clientele", CommandTimeout = 0 };
        var home = new BenchHome(folder, server, new Databases(login), NpgsqlDataSource.Create(superuser));
        try
        {
            await home.Found(login, ct);
            return home;
        }
        catch
        {
            await home.DisposeAsync();
            throw;
        }
    }

    /// <summary>An empty folder that PostgreSQL's own user can reach too.</summary>
    public static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("clientele-bench-").FullName;
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return folder;
    }

    private async Task Found(string login, CancellationToken ct)
    {
        await Provisioner.Provision(login, ct);
        await new Migrator(Databases, Modules.All, NullLogger<Migrator>.Instance).Migrate(ct);
        Welcome = await Founding.Ensure(Databases, "Benchmark", ct);
        Tenant = Tenant.System(await new Db(Databases.Service, Tenant.None).One<Guid>($"select o.id from platform.organizations o", ct));
    }

    public async ValueTask DisposeAsync()
    {
        await Databases.DisposeAsync();
        await superuser.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
