using System.Diagnostics;
using Npgsql;

namespace Clientele.Platform.Data;

/// <summary>
/// The pools. One login, three of its roles: a session starts as the role it is for and is never reset to another
/// (<c>No Reset On Close</c>; everything a request sets is local to its transaction).
/// </summary>
public sealed class Databases : IAsyncDisposable
{
    public const string Owner = "clientele_owner";
    public const string App = "clientele_app";
    public const string ServiceRole = "clientele_service";

    private readonly int timeout;

    /// <param name="connectionString">Of the platform's login.</param>
    /// <param name="timeout">Seconds a statement may take; 0: as many as it takes.</param>
    public Databases(string connectionString, int timeout = 120)
    {
        ConnectionString = connectionString;
        this.timeout = timeout;
        Application = Build(App, pool: 40);
        Service = Build(ServiceRole, pool: 20);
    }

    /// <summary>The login's own connection string, as given.</summary>
    public string ConnectionString { get; }

    /// <summary>Requests and jobs of one organization: row-level security decides what is seen.</summary>
    public NpgsqlDataSource Application { get; }

    /// <summary>Background work over all organizations, sign-in, consumers of the log.</summary>
    public NpgsqlDataSource Service { get; }

    /// <summary>A connection as the owner of the schema, for migrations. Not pooled.</summary>
    public async Task<NpgsqlConnection> OpenOwner(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(Settings(Owner, pool: 0).ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>A connection as the login itself, which sees what all sessions of this login do. Not pooled.</summary>
    public async Task<NpgsqlConnection> OpenLogin(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = "clientele (operator)", Pooling = false, CommandTimeout = 30 }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>A connection as the owner to the server's maintenance database, where figures of the whole server may be. Not pooled.</summary>
    /// <exception cref="NpgsqlException">There is none, or the login may not connect to it.</exception>
    public async Task<NpgsqlConnection> OpenMaintenance(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Settings(Owner, pool: 0).ConnectionString) { Database = "postgres", CommandTimeout = 30, Timeout = 5 }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>
    /// The database is not there at the moment: it was not reached or did not answer in time, it stops or restarts, or it has no
    /// connection free. The same may succeed when it is back.
    /// </summary>
    /// <param name="e">What a statement threw, or the opening of a connection.</param>
    /// <returns>
    /// False for everything that the database refused and for faults of the driver; also where trying again helps, as after a
    /// deadlock: that is <see cref="System.Data.Common.DbException.IsTransient"/>, which has all of this in it.
    /// </returns>
    public static bool IsAway(Exception e) => e is NpgsqlException { IsTransient: true }
        and (not PostgresException or PostgresException { SqlState: ['0', '8', ..] or ['5', '7', ..] or PostgresErrorCodes.TooManyConnections });

    // Named, for figures. Spans only within somebody's: what asks every second whether there is work would drown all others.
    private NpgsqlDataSource Build(string role, int pool) => new NpgsqlDataSourceBuilder(Settings(role, pool).ConnectionString) { Name = role }
        .ConfigureTracing(spans => spans
            .ConfigureCommandFilter(_ => Activity.Current is not null).ConfigureBatchFilter(_ => Activity.Current is not null).ConfigureCopyOperationFilter(_ => Activity.Current is not null)
            .EnablePhysicalOpenTracing(false).EnableFirstResponseEvent(false))
        .Build();

    private NpgsqlConnectionStringBuilder Settings(string role, int pool)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            ApplicationName = $"clientele ({role})",
            NoResetOnClose = true,
            Pooling = pool > 0,
            MaxAutoPrepare = pool > 0 ? 200 : 0,
            AutoPrepareMinUsages = 3,
            IncludeErrorDetail = false,
            // The owner builds indexes and waits for other nodes' migrations, which takes as long as it takes.
            CommandTimeout = role == Owner ? 0 : timeout,
        };
        if (pool > 0) settings.MaxPoolSize = pool;
        settings.Options = $"{settings.Options} -c role={role} -c timezone=UTC -c jit=off -c idle_in_transaction_session_timeout=60s".Trim();
        return settings;
    }

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync();
        await Service.DisposeAsync();
    }
}
