using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Testing;

/// <summary>A database with customers at hand, and many who write at once.</summary>
public sealed class Writers : TestDatabase
{
    private static CancellationToken Ct => CancellationToken.None;

    /// <summary>A new customer of an organization, alpha when none is named.</summary>
    public Task<Guid> Customer(Tenant? of = null) =>
        For(of ?? Alpha).One<Guid>($"insert into customers.customers (customer_id, name) values ({Guid.NewGuid().ToString()}, 'Awa') returning id", Ct);

    /// <summary>The SQLSTATE with which something is refused; null when it is not.</summary>
    public static async Task<string?> Refusal(Task work)
    {
        try
        {
            await work;
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState;
        }
    }

    /// <summary>Eight writers, each trying so many times; what became of every try.</summary>
    public static async Task<List<string?>> Eight(int tries, Func<int, Task> work)
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var mine = new List<string?>();
            for (var i = 0; i < tries; i++) mine.Add(await Refusal(work(writer * tries + i)));
            return mine;
        })));
        return [.. results.SelectMany(r => r)];
    }
}
