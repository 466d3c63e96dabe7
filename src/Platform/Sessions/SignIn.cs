using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>POST /api/session</summary>
internal static class SignIn
{
    public sealed record Request(string? Email, string? Password);

    private sealed record Person(Guid Id, string? PasswordHash, bool SecondFactor);

    /// <summary>The same answer, after the same work, for an unknown address and a wrong password.</summary>
    public static async Task<IResult> Handle(Request request, HttpContext context, Databases databases, SessionDoor door, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        var (address, network) = (Attempts.OfAddress(request.Email), Attempts.OfNetwork(context.Connection.RemoteIpAddress));
        await Attempts.RefuseWaiting(service, [address, network], ct);
        var person = await Passwords.InTurn(async () =>
        {
            await Attempts.TakeFromNetwork(service, network, ct);
            await Attempts.Take(service, address, ct);
            var found = await service.Find<Person>($"""
                select u.id, u.password_hash, u.totp_enabled_at is not null as second_factor
                from platform.platform_users u
                where lower(u.email) = lower({(request.Email ?? string.Empty).Trim()}) and u.status = 'active'
                """, ct);
            return Passwords.Matches(found?.PasswordHash, request.Password) ? found : null;
        }, ct);
        if (person is null) throw new Problem(401, "invalid_credentials", "This e-mail address and password do not belong together. Check both.");
        await Attempts.Forget(service, address, ct);
        await Attempts.GiveBack(service, network, ct);
        if (person.SecondFactor) return Results.Json(await door.Challenge(person.Id, ct), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        await door.Open(person.Id, context, ct);
        return Results.Json(await SessionView.Of(service, person.Id, ct), ApiJson.Options);
    }
}
