using System.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Platform.Data;

/// <summary>
/// Runs SQL for one tenant. Every statement runs in a transaction that carries the tenant as settings, which the
/// policies of row-level security read: a forgotten <c>where organization_id =</c> finds nothing of anybody else.
/// A single statement costs one round trip: the settings travel in the same message.
/// </summary>
public sealed class Db(NpgsqlDataSource source, Tenant tenant)
{
    /// <summary>Who this runs as.</summary>
    public Tenant Tenant { get; } = tenant;

    /// <summary>All rows.</summary>
    public Task<List<T>> List<T>(Sql sql, CancellationToken ct) => OnConnection(async connection =>
    {
        await using var batch = new NpgsqlBatch(connection);
        return await Read<T>(batch, Tenant, sql, ct);
    }, ct);

    /// <summary>The row, or null when there is none.</summary>
    public async Task<T?> Find<T>(Sql sql, CancellationToken ct) => (await List<T>(sql, ct)) is [var first, ..] ? first : default;

    /// <summary>The one row that must be there.</summary>
    public async Task<T> One<T>(Sql sql, CancellationToken ct) => (await List<T>(sql, ct))[0];

    /// <summary>Runs a statement; returns how many rows it changed.</summary>
    public Task<long> Run(Sql sql, CancellationToken ct) => OnConnection(async connection =>
    {
        await using var batch = new NpgsqlBatch(connection);
        return await Run(batch, Tenant, sql, ct);
    }, ct);

    /// <summary>Several statements in one transaction: it commits when <paramref name="work"/> returns, and rolls back when it throws.</summary>
    public Task<T> InTransaction<T>(Func<Transaction, Task<T>> work, CancellationToken ct) => InTransaction(work, straight: false, ct);

    /// <inheritdoc cref="InTransaction{T}(Func{Transaction, Task{T}}, CancellationToken)"/>
    /// <param name="straight">The settings travel with the first statement: one round trip less. Not where COPY comes first.</param>
    public Task<T> InTransaction<T>(Func<Transaction, Task<T>> work, bool straight, CancellationToken ct) => OnConnection(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        var scope = new Transaction(connection, transaction, Tenant);
        if (!straight) await scope.Begin(ct);
        var result = await work(scope);
        await transaction.CommitAsync(ct);
        return result;
    }, ct);

    /// <inheritdoc cref="InTransaction{T}(Func{Transaction, Task{T}}, CancellationToken)"/>
    public Task InTransaction(Func<Transaction, Task> work, CancellationToken ct) =>
        InTransaction(async t => { await work(t); return true; }, ct);

    private async Task<T> OnConnection<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        try
        {
            return await work(connection);
        }
        catch (Exception e) when (PreparedStatements.MayBeHalf(e))
        {
            await PreparedStatements.Forget(connection);
            throw;
        }
    }

    internal static async Task<List<T>> Read<T>(NpgsqlBatch batch, Tenant? tenant, Sql sql, CancellationToken ct)
    {
        Fill(batch, tenant, sql);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (tenant is not null) await reader.NextResultAsync(ct);
        var row = Rows<T>.Reader(reader);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct)) rows.Add(row());
        return rows;
    }

    internal static async Task<long> Run(NpgsqlBatch batch, Tenant? tenant, Sql sql, CancellationToken ct)
    {
        Fill(batch, tenant, sql);
        await batch.ExecuteNonQueryAsync(ct);
        var last = batch.BatchCommands[^1];
        return (long)last.Rows;
    }

    // Both commands go out before the one Sync, so PostgreSQL runs them in one implicit transaction
    // and settings that are local to a transaction hold for the statement, and for nothing after it.
    private static void Fill(NpgsqlBatch batch, Tenant? tenant, Sql sql)
    {
        if (tenant is not null)
        {
            var settings = new NpgsqlBatchCommand();
            tenant.Settings.WriteTo(settings);
            batch.BatchCommands.Add(settings);
        }
        var command = new NpgsqlBatchCommand();
        sql.WriteTo(command);
        batch.BatchCommands.Add(command);
    }
}

/// <summary>An open transaction with the tenant's settings in force.</summary>
public sealed class Transaction
{
    private readonly NpgsqlTransaction transaction;

    // Whose settings the next statement takes along; null when they were sent.
    private Tenant? unsent;

    internal Transaction(NpgsqlConnection connection, NpgsqlTransaction transaction, Tenant tenant)
    {
        Connection = connection;
        this.transaction = transaction;
        Tenant = unsent = tenant;
    }

    internal async Task Begin(CancellationToken ct)
    {
        unsent = null;
        await Run(Tenant.Settings, ct);
    }

    private Tenant? TakeUnsent() => Interlocked.Exchange(ref unsent, null);

    /// <summary>For COPY, which has no other way in.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>Who this runs as.</summary>
    public Tenant Tenant { get; }

    /// <inheritdoc cref="Db.List{T}"/>
    public async Task<List<T>> List<T>(Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(Connection, transaction);
        return await Db.Read<T>(batch, TakeUnsent(), sql, ct);
    }

    /// <inheritdoc cref="Db.Find{T}"/>
    public async Task<T?> Find<T>(Sql sql, CancellationToken ct) => (await List<T>(sql, ct)) is [var first, ..] ? first : default;

    /// <inheritdoc cref="Db.One{T}"/>
    public async Task<T> One<T>(Sql sql, CancellationToken ct) => (await List<T>(sql, ct))[0];

    /// <inheritdoc cref="Db.Run(Sql, CancellationToken)"/>
    public async Task<long> Run(Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(Connection, transaction);
        return await Db.Run(batch, TakeUnsent(), sql, ct);
    }
}
