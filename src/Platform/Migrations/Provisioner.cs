using System.Data;
using Clientele.Platform.Data;
using Npgsql;

namespace Clientele.Platform.Migrations;

/// <summary>
/// Prepares a server: the roles, and the login's membership in them. None is a superuser or bypasses row-level security;
/// a login that may create roles does it by itself, otherwise a database administrator runs what <see cref="Missing"/> says, once.
/// </summary>
public static class Provisioner
{
    private static readonly (string Name, string Purpose)[] Roles =
    [
        (Databases.Owner, "Clientele: owns the schema"),
        (Databases.App, "Clientele: requests and jobs of one organization"),
        (Databases.ServiceRole, "Clientele: background work over all organizations"),
        ("clientele_search", "Clientele: owns search functions that name the organization themselves"),
        ("clientele_readonly", "Clientele: questions in SQL, reading only"),
    ];

    /// <summary>What an administrator runs for a login that may not do it: the statements for whatever is missing, in order.</summary>
    public static async Task<string> Missing(NpgsqlConnection connection, string login, CancellationToken ct) => await Scalar<string>(connection, $"""
        select coalesce(string_agg(s.statement, ' ' order by s.place), '')
        from (
            select 1 as place, format('create role %I nologin;', r.name) as statement from unnest({Roles.Select(r => r.Name).ToArray()}) as r (name) where to_regrole(r.name) is null
            union all
            select 2, format('grant %I to %I;', r.name, {login}::text) from unnest({Roles.Select(r => r.Name).ToArray()}) as r (name)
            where case when to_regrole(r.name) is null then true else not pg_has_role({login}::name, r.name::name, 'member') end
            union all
            select 3, format('grant clientele_search to %I;', {Databases.Owner}::text)
            where case when to_regrole({Databases.Owner}) is null or to_regrole('clientele_search') is null then true else not pg_has_role({Databases.Owner}::name, 'clientele_search', 'member') end
            union all
            select 4, format('grant create, connect, temporary on database %I to %I;', current_database(), {Databases.Owner}::text)
            where case when to_regrole({Databases.Owner}) is null then true else not has_database_privilege({Databases.Owner}::name, current_database(), 'create') end
        ) s
        """, ct);

    /// <summary>Makes the login and the database on a private server, where we connect as its first superuser.</summary>
    /// <returns>The connection string of the login, which is no superuser.</returns>
    public static async Task<string> CreateLogin(string superuserConnection, string database, string login, string password, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(superuserConnection);
        await connection.OpenAsync(ct);
        // The password is ours: hexadecimal, generated. DDL takes no parameters, so it is written as a quoted literal by the server.
        var exists = await Scalar<bool>(connection, $"select exists (select from pg_roles r where r.rolname = {login})", ct);
        var statement = await Scalar<string>(connection, exists
            ? (Sql)$"select format('alter role %I login password %L', {login}::text, {password}::text)"
            : (Sql)$"select format('create role %I login noinherit password %L', {login}::text, {password}::text)", ct);
        await Run(connection, Sql.Composed(statement), ct);
        // The superuser makes the roles, so that the login needs no right to make any.
        foreach (var role in Roles) await Ensure(connection, role.Name, role.Purpose, login, ct);
        await Run(connection, Sql.Raw($"grant clientele_search, pg_monitor to {Databases.Owner}"), ct);
        if (!await Scalar<bool>(connection, $"select exists (select from pg_database d where d.datname = {database})", ct))
            await Run(connection, $"create database {Sql.Identifier(database)}", ct);
        await Run(connection, $"alter database {Sql.Identifier(database)} owner to {Sql.Identifier(login)}", ct);
        return new NpgsqlConnectionStringBuilder(superuserConnection) { Username = login, Password = password, Database = database }.ConnectionString;
    }

    /// <summary>On a private server: lets changes of tables by hand be known, see <see cref="CatalogueNews"/>. After migrating, since the trigger costs a tenth of that.</summary>
    /// <param name="superuserConnection">To the platform's database.</param>
    /// <param name="ct">Stops it.</param>
    public static async Task WatchCatalogue(string superuserConnection, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(superuserConnection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        await Run(connection, Sql.Raw(CatalogueNews.Trigger), ct);
    }

    /// <summary>
    /// On a private server that was started with pg_stat_statements: makes its view, in the maintenance database. In ours it would be
    /// part of every dump, and of those that restore one few may make it.
    /// </summary>
    public static async Task ShowStatements(string superuserConnection, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(superuserConnection);
        await connection.OpenAsync(ct);
        if (await Scalar<bool>(connection, $"""
            select current_setting('shared_preload_libraries') ~ 'pg_stat_statements'
               and exists (select from pg_available_extensions a where a.name = 'pg_stat_statements' and a.installed_version is null)
            """, ct)) await Run(connection, Sql.Raw("create extension if not exists pg_stat_statements"), ct);
    }

    /// <summary>Roles, memberships and privileges on the database, as far as they are missing.</summary>
    /// <exception cref="SetupException">The server is too old, or the login may not do it; the message says what to run.</exception>
    public static async Task Provision(string connectionString, CancellationToken ct)
    {
        await using var connection = await Open(connectionString, ct);
        if (connection.PostgreSqlVersion.Major < 15)
            throw new SetupException($"This server is PostgreSQL {connection.PostgreSqlVersion.Major}; Clientele needs 15 or newer. Upgrade it, or leave --database out to use a private one.");
        // Nodes starting together must not race for the same role: its name is shared by the whole cluster.
        await Run(connection, Sql.Raw("select pg_advisory_lock(7164391)"), ct);
        var login = await Scalar<string>(connection, Sql.Raw("select session_user::text"), ct);
        try
        {
            // All or nothing: who is refused has changed nothing.
            await using var transaction = await connection.BeginTransactionAsync(ct);
            foreach (var role in Roles) await Ensure(connection, role.Name, role.Purpose, login, ct);
            var database = Sql.Identifier(await Scalar<string>(connection, Sql.Raw("select current_database()::text"), ct));
            await Run(connection, $"grant create, connect, temporary on database {database} to {Sql.Raw(Databases.Owner)}", ct);
            // To grant what one does not hold is only a warning in PostgreSQL, so look.
            if (!await Scalar<bool>(connection, $"select has_database_privilege({Databases.Owner}::name, current_database(), 'create')", ct))
                throw new PostgresException("it does not own the database", "ERROR", "ERROR", "42501");
            // The owner hands search functions over to the search role, for which it must be a member.
            if (!await Scalar<bool>(connection, $"select pg_has_role({Databases.Owner}::name, 'clientele_search', 'member')", ct))
                await Run(connection, Sql.Raw($"grant clientele_search to {Databases.Owner}"), ct);
            await transaction.CommitAsync(ct);
            await Try(connection, Sql.Raw($"grant pg_monitor to {Databases.Owner}"), ct);
        }
        catch (PostgresException e) when (e.SqlState is "42501")
        {
            throw new SetupException($"The login \"{login}\" may not prepare this database ({e.MessageText}). Have its administrator run there: {await Missing(connection, login, ct)}", e);
        }
        finally
        {
            if (connection.State == ConnectionState.Open) await Run(connection, Sql.Raw("select pg_advisory_unlock(7164391)"), CancellationToken.None);
        }
    }

    private static async Task Ensure(NpgsqlConnection connection, string role, string purpose, string login, CancellationToken ct)
    {
        var name = Sql.Identifier(role);
        if (!await Scalar<bool>(connection, $"select exists (select from pg_roles r where r.rolname = {role})", ct))
        {
            await Run(connection, $"create role {name} nologin", ct);
            await Run(connection, await Literal(connection, "comment on role %I is %L", role, purpose, ct), ct);
        }
        var unsafeRole = await Scalar<bool>(connection, $"select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = {role}", ct);
        if (unsafeRole)
            throw new SetupException($"The role {role} is a superuser or bypasses row-level security, so tenants would not be kept apart. Run: alter role {role} nosuperuser nobypassrls;");
        // From 16 on, creating a role gives the right to grant it, but not yet the right to become it.
        var modern = connection.PostgreSqlVersion.Major >= 16;
        if (await Scalar<bool>(connection, $"select pg_has_role({login}::name, {role}::name, {(modern ? "set" : "member")})", ct)) return;
        var options = modern ? Sql.Raw(" with inherit false, set true") : Sql.Empty;
        await Run(connection, $"grant {name} to {Sql.Identifier(login)}{options}", ct);
    }

    private static async Task<Sql> Literal(NpgsqlConnection connection, string format, string identifier, string value, CancellationToken ct) =>
        Sql.Composed(await Scalar<string>(connection, $"select format({format}::text, {identifier}::text, {value}::text)", ct));

    // Seeing what other sessions do is a comfort, not a need: a managed server may refuse it.
    private static async Task Try(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        try { await Run(connection, sql, ct); }
        catch (PostgresException e) when (e.SqlState is "42501" or "42704") { return; }
    }

    private static async Task<NpgsqlConnection> Open(string connectionString, CancellationToken ct)
    {
        try
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(ct);
            return connection;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or System.Net.Sockets.SocketException)
        {
            throw new SetupException($"The database cannot be reached: {e.Message} Check the connection string (Host=…;Port=…;Database=…;Username=…;Password=…).", e);
        }
    }

    private static async Task Run(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        sql.WriteTo(command);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<T> Scalar<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        return (await Db.Read<T>(batch, null, sql, ct))[0];
    }
}
