using System.Net;
using System.Net.Sockets;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Sessions;

/// <summary>Tries to sign in: a few are free, then each waits longer than the one before, by e-mail address, network address and person.</summary>
internal static class Attempts
{
    private const int FreeByAccount = 5;
    // A whole office may stand behind one address.
    private const int FreeByNetwork = 100;
    private static readonly TimeSpan accountMemory = TimeSpan.FromDays(1);
    private static readonly TimeSpan networkMemory = TimeSpan.FromMinutes(15);

    private sealed record Taken(TimeSpan? Waits);

    public static byte[] OfAddress(string? email) => Authentication.Hash((email ?? string.Empty).Trim().ToLowerInvariant());

    public static byte[] OfSecondFactor(Guid person) => Authentication.Hash($"second factor {person}");

    /// <summary>Of IPv6 the /64: that much one customer of a provider has.</summary>
    public static byte[] OfNetwork(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return Authentication.Hash("from " + (address is { AddressFamily: AddressFamily.InterNetworkV6 } ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address?.ToString()));
    }

    /// <summary>Refuses, without counting, whoever has to wait.</summary>
    public static async Task RefuseWaiting(Db service, byte[][] subjects, CancellationToken ct)
    {
        var waits = await service.One<TimeSpan?>($"select max(a.locked_until) - now() from platform.sign_in_attempts a where a.address_hash = any({subjects}) and a.locked_until > now()", ct);
        if (waits is { } wait) throw Refusal(wait);
    }

    public static Task Take(Db service, byte[] subject, CancellationToken ct) => Take(service, subject, FreeByAccount, accountMemory, ct);

    public static Task TakeFromNetwork(Db service, byte[] subject, CancellationToken ct) => Take(service, subject, FreeByNetwork, networkMemory, ct);

    /// <summary>After success.</summary>
    public static Task<long> Forget(Db service, byte[] subject, CancellationToken ct) => service.Run($"delete from platform.sign_in_attempts a where a.address_hash = {subject}", ct);

    /// <summary>Success from a network takes back its own try alone: with one good account nobody wins tries at others.</summary>
    public static Task<long> GiveBack(Db service, byte[] subject, CancellationToken ct) => service.Run($"""
        update platform.sign_in_attempts a set attempts = greatest(a.attempts - 1, 1) where a.address_hash = {subject}
        """, ct);

    private static async Task Take(Db service, byte[] subject, int free, TimeSpan memory, CancellationToken ct)
    {
        var taken = await service.One<Taken>($"select t.waits from platform.take_attempt({subject}, {free}, {memory}) t", ct);
        if (taken.Waits is { } wait) throw Refusal(wait);
    }

    private static Problem Refusal(TimeSpan wait) =>
        new(429, "too_many_attempts", "Too many tries that were wrong. Wait a little and try again.") { RetryAfter = TimeSpan.FromSeconds(Math.Ceiling(Math.Max(1, wait.TotalSeconds))) };
}
