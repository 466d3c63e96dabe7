using System.Text;
using Clientele.Platform.Sessions;

namespace Clientele.Platform.Tests;

/// <summary>Codes of authenticator apps against the vectors of RFC 6238 and RFC 4648.</summary>
public sealed class TotpTests
{
    private static readonly byte[] secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void A_code_is_that_of_the_standard(long seconds, string code) =>
        Assert.Equal(code, Totp.Code(secret, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds)), digits: 8));

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void The_secret_is_written_in_base32(string text, string written) => Assert.Equal(written, Totp.Base32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_code_holds_for_its_half_minute_and_those_beside_it_and_once()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var step = Totp.StepOf(now);
        foreach (var (away, right) in ((int, bool)[])[(-2, false), (-1, true), (0, true), (1, true), (2, false)])
            Assert.Equal(right ? step + away : null, Totp.Check(secret, Totp.Code(secret, step + away), null, now));
        Assert.Null(Totp.Check(secret, Totp.Code(secret, step), step, now));
        Assert.Null(Totp.Check(secret, Totp.Code(secret, step - 1), step, now));
        Assert.NotNull(Totp.Check(secret, Totp.Code(secret, step + 1), step, now));
        foreach (var wrong in (string?[])[null, "", "abc", "1234567", "١٢٣٤٥٦"]) Assert.Null(Totp.Check(secret, wrong, null, now));
    }
}
