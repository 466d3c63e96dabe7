using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Sessions;

/// <summary>Asks somebody who is signed in for their password once more.</summary>
internal static class OwnPassword
{
    /// <summary>A wrong one counts as a wrong sign-in does: a stolen session is no way to guess faster.</summary>
    /// <param name="field">Of the request that holds it.</param>
    public static async Task Require(Db service, string email, string? hash, string? given, string field, CancellationToken ct)
    {
        var subject = Attempts.OfAddress(email);
        await Attempts.RefuseWaiting(service, [subject], ct);
        var right = await Passwords.InTurn(async () =>
        {
            await Attempts.Take(service, subject, ct);
            return Passwords.Matches(hash, given);
        }, ct);
        if (!right) throw new Problem(400, "wrong_password", "The current password is not right. Type the one you signed in with.") { Errors = new Dictionary<string, string[]> { [field] = ["This is not your password."] } };
        await Attempts.Forget(service, subject, ct);
    }
}
