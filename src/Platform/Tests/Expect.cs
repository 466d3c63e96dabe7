using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>What the database answers to what breaks a rule.</summary>
internal static class Expect
{
    public const string WrongState = "CL001", BalanceTooLow = "CL002", LimitReached = "CL003", OnlyAddedTo = "CL004", KeyUsedOtherwise = "CL005", NotWritable = "CL006";
    public const string Check = "23514", Duplicate = "23505", NotNull = "23502", ForeignKey = "23503", Forbidden = "42501", OutsideView = "44000", NotInView = "0A000", TooLarge = "22003";

    public static async Task<PostgresException> Refused(string state, Func<Task> act)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(act);
        Assert.True(state == refused.SqlState, $"expected {state}, but it is {refused.SqlState}: {refused.MessageText}");
        return refused;
    }

    /// <summary>So many at once; returns what each got, with the SQLSTATE of those refused.</summary>
    public static async Task<List<(T? Value, string? Refusal)>> AtOnce<T>(int writers, Func<int, Task<T>> act)
    {
        using var start = new SemaphoreSlim(0);
        var all = Enumerable.Range(0, writers).Select(async n =>
        {
            await start.WaitAsync();
            try { return ((T?)await act(n), (string?)null); }
            catch (PostgresException e) { return (default(T?), (string?)e.SqlState); }
        }).ToList();
        start.Release(writers);
        return [.. await Task.WhenAll(all)];
    }
}
