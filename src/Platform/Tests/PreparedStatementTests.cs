using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>Whatever becomes of the very use that prepares a statement, the next use of it on that connection works.</summary>
public sealed class PreparedStatementTests(PreparedStatementTests.Database database) : IClassFixture<PreparedStatementTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task It_was_refused(int refused)
    {
        await using var source = OneConnection();
        var db = new Db(source, database.Alpha);
        for (var use = 1; use <= 5; use++)
        {
            if (use == refused) await Assert.ThrowsAsync<PostgresException>(() => Divide(db, 0));
            else Assert.Equal(6, await Divide(db, 2));
        }
        Task<int> Divide(Db by, int divisor) => by.One<int>($"select 12 / {divisor} as answer", Ct);
    }

    [Theory]
    // A statement is taken apart when its tables are free, and planned when their indexes are too.
    [InlineData("lock table customers.customers in access exclusive mode", 2, false)]
    [InlineData("lock table customers.customers in access exclusive mode", 3, false)]
    [InlineData("lock table customers.customers in access exclusive mode", 3, true)]
    [InlineData("lock table customers.customers in access exclusive mode", 4, false)]
    [InlineData("reindex index customers.customers_pkey", 2, false)]
    [InlineData("reindex index customers.customers_pkey", 3, false)]
    [InlineData("reindex index customers.customers_pkey", 3, true)]
    public async Task Whoever_asked_went_away_while_it_waited_for_a_lock(string blocking, int cut, bool inTransaction)
    {
        await using var source = OneConnection();
        var db = new Db(source, database.Alpha);
        for (var use = 1; use <= 6; use++)
        {
            if (use != cut)
            {
                Assert.True(await Count(Ct) >= 0);
                continue;
            }
            await using var other = await database.Databases.OpenOwner(Ct);
            await using var locked = await other.BeginTransactionAsync(Ct);
            await other.Run(blocking);
            using var away = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            away.CancelAfter(TimeSpan.FromMilliseconds(200));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Count(away.Token));
            await locked.RollbackAsync(Ct);
        }
        Task<long> Count(CancellationToken until) => inTransaction
            ? db.InTransaction(t => t.One<long>($"select count(*) from customers.customers c", until), until)
            : db.One<long>($"select count(*) from customers.customers c", until);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public async Task Whoever_asked_went_away_while_it_was_at_work(int cut, bool inTransaction)
    {
        await using var source = OneConnection();
        var db = new Db(source, database.Alpha);
        for (var use = 1; use <= 6; use++)
        {
            if (use != cut)
            {
                Assert.True(await Sleep(0, Ct));
                continue;
            }
            using var away = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            away.CancelAfter(TimeSpan.FromMilliseconds(200));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sleep(30, away.Token));
        }
        Task<bool> Sleep(double seconds, CancellationToken until) => inTransaction
            ? db.InTransaction(t => t.One<bool>($"select pg_sleep({seconds}) is not null", until), until)
            : db.One<bool>($"select pg_sleep({seconds}) is not null", until);
    }

    // As the application's, with one connection, so that each use meets the one before.
    private NpgsqlDataSource OneConnection() =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.Databases.Application.ConnectionString) { Password = new NpgsqlConnectionStringBuilder(database.ConnectionString).Password, MaxPoolSize = 1 });
}
