using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>POST /api/session/second-factor, and what a person does with their own: /api/session/two-step</summary>
internal static class SecondFactor
{
    public const int RecoveryCodes = 10;
    private const string Purpose = "authenticator app";

    /// <summary>How the secrets are encrypted anew. People belong to no one organization.</summary>
    internal static SealedColumn Column { get; } = new("platform.platform_users.totp_secret",
        $"select '00000000-0000-0000-0000-000000000000'::uuid as organization_id, u.id, {Purpose} as purpose, u.totp_secret as secret from platform.platform_users u where u.totp_secret is not null",
        (row, closed) => $"update platform.platform_users u set totp_secret = {closed} where u.id = {row.Id} and u.totp_secret = {row.Secret}");

    public sealed record SignInRequest(string? Challenge, string? Code);

    public sealed record PasswordRequest(string? Password);

    public sealed record CodeRequest(string? Code);

    /// <param name="EnabledAt">Null: a password is enough to sign in.</param>
    public sealed record View(DateTimeOffset? EnabledAt, long RecoveryCodesLeft);

    /// <param name="Secret">In Base32, for typing.</param>
    /// <param name="Address">What the QR code says.</param>
    public sealed record StartedView(string Secret, string Address);

    public sealed record CodesView(IReadOnlyList<string> RecoveryCodes);

    private sealed record Person(Guid Id, string Email, string? PasswordHash, byte[]? TotpSecret, DateTimeOffset? TotpEnabledAt, long? TotpLastStep);

    /// <summary>The second step of a sign-in.</summary>
    public static async Task<SessionView> Enter(SignInRequest request, HttpContext context, Databases databases, SessionDoor door, KeyRing keys, TimeProvider clock, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, null);
        var network = Attempts.OfNetwork(context.Connection.RemoteIpAddress);
        await Attempts.RefuseWaiting(service, [network], ct);
        var challenge = Tokens.HashOf(request.Challenge);
        var person = await service.Find<Person>($"""
            select u.id, u.email, u.password_hash, u.totp_secret, u.totp_enabled_at, u.totp_last_step
            from platform.sign_in_challenges c
            join platform.platform_users u on u.id = c.user_id and u.status = 'active'
            where c.token_hash = {challenge} and c.expires_at > now()
            """, ct);
        if (person is null) throw new Problem(401, "challenge_over", "This took too long. Sign in with your password again.");
        // Counted by person: a new challenge brings no new tries.
        var subject = Attempts.OfSecondFactor(person.Id);
        await Attempts.RefuseWaiting(service, [subject], ct);
        await Attempts.Take(service, subject, ct);
        if (!await Accept(service, keys, person, request.Code, clock, ct)) throw new Problem(401, "wrong_code", "This code is not right. Take the newest one of your app, or a recovery code you have not used.");
        // Whoever comes second with the same challenge finds none.
        if (await service.Run($"delete from platform.sign_in_challenges c where c.token_hash = {challenge}", ct) == 0) throw new Problem(401, "challenge_over", "This sign-in was finished already. Sign in again.");
        await Attempts.Forget(service, subject, ct);
        await door.Open(person.Id, context, ct);
        return await SessionView.Of(service, person.Id, ct);
    }

    public static Task<View> Get(Caller caller, Databases databases, CancellationToken ct) => Look(new Db(databases.Service, Tenant.None), caller, ct);

    /// <summary>A new secret, which counts once a code of it was given.</summary>
    public static async Task<StartedView> Start(PasswordRequest request, Caller caller, Databases databases, KeyRing keys, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        var person = await Own(service, caller, request.Password, ct);
        if (person.TotpEnabledAt is not null) throw new Problem(409, "wrong_state", "Two-step sign-in is on already. Turn it off first to use another app.");
        var secret = Totp.NewSecret();
        await service.Run($"update platform.platform_users u set totp_secret = {keys.Close(Purpose, secret)}, totp_last_step = null where u.id = {caller.UserId} and u.totp_enabled_at is null", ct);
        return new StartedView(Totp.Base32(secret), Totp.Address(person.Email, secret));
    }

    /// <summary>Turns it on, and ends the person's other sessions: they were opened without it.</summary>
    public static async Task<CodesView> Confirm(CodeRequest request, Caller caller, Databases databases, KeyRing keys, TimeProvider clock, HttpContext context, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, caller.SessionId);
        var person = await Of(service, caller.UserId, ct);
        if (person is not { TotpSecret: { } kept, TotpEnabledAt: null }) throw new Problem(409, "wrong_state", "There is nothing to confirm. Begin with setting two-step sign-in up.");
        if (Totp.Check(keys.Open(Purpose, kept) ?? [], request.Code?.Trim(), null, clock.GetUtcNow()) is not { } step) throw Problem.Invalid("code", "This code is not right. Take the newest one, and check that the clock of your device is right.");
        return await service.InTransaction(async t =>
        {
            await t.Run($"update platform.platform_users u set totp_enabled_at = now(), totp_last_step = {step} where u.id = {caller.UserId}", ct);
            await t.Run($"""
                update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'security_logout'
                where s.user_id = {caller.UserId} and s.id <> {caller.SessionId} and s.ended_at is null
                """, ct);
            await OwnTrail.Tell(t, caller.UserId, "two_step_on", "Turned two-step sign-in on; every other session ended", ct);
            return await NewCodes(t, caller.UserId, ct);
        }, ct);
    }

    public static async Task<CodesView> Renew(PasswordRequest request, Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, caller.SessionId);
        var person = await Own(service, caller, request.Password, ct);
        if (person.TotpEnabledAt is null) throw new Problem(409, "wrong_state", "Two-step sign-in is off. Set it up first.");
        return await service.InTransaction(async t =>
        {
            await OwnTrail.Tell(t, caller.UserId, "renew_recovery_codes", "Made new recovery codes; the old ones ended", ct);
            return await NewCodes(t, caller.UserId, ct);
        }, ct);
    }

    public static async Task<View> TurnOff(PasswordRequest request, Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, caller.SessionId);
        await Own(service, caller, request.Password, ct);
        await service.InTransaction(async t =>
        {
            var was = await t.One<bool>($"select u.totp_enabled_at is not null from platform.platform_users u where u.id = {caller.UserId} for update", ct);
            await t.Run($"update platform.platform_users u set totp_enabled_at = null, totp_secret = null, totp_last_step = null where u.id = {caller.UserId}", ct);
            await t.Run($"delete from platform.recovery_codes c where c.user_id = {caller.UserId}", ct);
            if (was) await OwnTrail.Tell(t, caller.UserId, "two_step_off", "Turned two-step sign-in off", ct);
        }, ct);
        return await Look(service, caller, ct);
    }

    // The step, or the recovery code, is used up by the statement that finds it unused, so the same code twice at once is right once.
    private static async Task<bool> Accept(Db service, KeyRing keys, Person person, string? code, TimeProvider clock, CancellationToken ct)
    {
        code = code?.Trim().Replace(" ", string.Empty, StringComparison.Ordinal);
        if (person is { TotpSecret: { } kept, TotpEnabledAt: not null } && keys.Open(Purpose, kept) is { } secret && Totp.Check(secret, code, person.TotpLastStep, clock.GetUtcNow()) is { } step)
            return await service.Run($"update platform.platform_users u set totp_last_step = {step} where u.id = {person.Id} and (u.totp_last_step is null or u.totp_last_step < {step})", ct) == 1;
        return code is { Length: > Totp.Digits and < 50 } && await service.InTransaction(async t =>
        {
            if (await t.Run($"delete from platform.recovery_codes c where c.user_id = {person.Id} and c.code_hash = {HashOf(person.Id, code)}", ct) == 0) return false;
            await OwnTrail.Tell(t, person.Id, "use_recovery_code", "Took the second step of a sign-in with a recovery code", ct);
            return true;
        }, ct);
    }

    private static async Task<CodesView> NewCodes(Transaction t, Guid person, CancellationToken ct)
    {
        // 16 of 31 letters: 79 bits.
        var codes = Enumerable.Range(0, RecoveryCodes).Select(_ => string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 4)))).ToList();
        await t.Run($"delete from platform.recovery_codes c where c.user_id = {person}", ct);
        await t.Run($"insert into platform.recovery_codes (user_id, code_hash) select {person}, h from unnest({codes.Select(c => HashOf(person, c)).ToArray()}) as h", ct);
        return new CodesView(codes);
    }

    private static byte[] HashOf(Guid person, string code) => Authentication.Hash($"{person} {code.Replace("-", string.Empty, StringComparison.Ordinal).ToLowerInvariant()}");

    private static Task<View> Look(Db service, Caller caller, CancellationToken ct) => service.One<View>($"""
        select u.totp_enabled_at as enabled_at, (select count(*) from platform.recovery_codes c where c.user_id = u.id) as recovery_codes_left
        from platform.platform_users u where u.id = {caller.UserId}
        """, ct);

    private static Task<Person?> Of(Db service, Guid person, CancellationToken ct) => service.Find<Person>($"""
        select u.id, u.email, u.password_hash, u.totp_secret, u.totp_enabled_at, u.totp_last_step from platform.platform_users u where u.id = {person}
        """, ct);

    // Whoever finds a browser signed in must not change how its owner signs in; guessing here is guessing there.
    private static async Task<Person> Own(Db service, Caller caller, string? password, CancellationToken ct)
    {
        var person = (await Of(service, caller.UserId, ct))!;
        await OwnPassword.Require(service, person.Email, person.PasswordHash, password, "password", ct);
        return person;
    }
}
