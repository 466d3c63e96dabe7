using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Auth;

namespace Clientele.DataApi.Tests;

/// <summary>Tokens signed with a public key's other half, as identity providers make them.</summary>
public sealed class JwtTests
{
    // Made once: a key of this kind takes a while to find.
    private static readonly RSA ourKey = RSA.Create(2048);
    private static readonly RSA theirKey = RSA.Create(2048);

    private static string Part(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static string Sign(string algorithm, string? kid, Func<byte[], byte[]> sign)
    {
        var text = Part(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = "JWT", kid })) + "." + Part("""{"role": "clerk"}"""u8.ToArray());
        return text + "." + Part(sign(Encoding.ASCII.GetBytes(text)));
    }

    private static HashAlgorithmName Hash(string algorithm) => new("SHA" + algorithm[2..]);

    private static Jwt Verifier(params object[] keys) => new(JsonSerializer.Serialize(new { keys }), base64: false, audience: null, TimeProvider.System);

    private static object Jwk(RSA rsa, string kid)
    {
        var key = rsa.ExportParameters(false);
        return new { kty = "RSA", kid, n = Part(key.Modulus!), e = Part(key.Exponent!) };
    }

    private static object Jwk(ECDsa curve, string kid, string crv)
    {
        var key = curve.ExportParameters(false);
        return new { kty = "EC", kid, crv, x = Part(key.Q.X!), y = Part(key.Q.Y!) };
    }

    [Theory]
    [InlineData("RS256"), InlineData("RS384"), InlineData("RS512"), InlineData("PS256"), InlineData("PS384"), InlineData("PS512")]
    public void A_token_of_an_rsa_key_is_believed_and_another_key_s_is_not(string algorithm)
    {
        var padding = algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        using var jwt = Verifier(Jwk(ourKey, "a"));
        var token = Sign(algorithm, "a", text => ourKey.SignData(text, Hash(algorithm), padding));
        Assert.Equal("clerk", jwt.Verify(token).GetProperty("role").GetString());
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "a", text => theirKey.SignData(text, Hash(algorithm), padding))));
        // The other padding, and another hash, are other signatures.
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "a", text => ourKey.SignData(text, Hash(algorithm), padding == RSASignaturePadding.Pss ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss))));
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "a", text => ourKey.SignData(text, algorithm.EndsWith("256", StringComparison.Ordinal) ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, padding))));
        // Somebody else's key by its id; a word changed.
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "b", text => ourKey.SignData(text, Hash(algorithm), padding))));
        var parts = token.Split('.');
        Assert.Throws<JwtRefused>(() => jwt.Verify($"{parts[0]}.{Part("""{"role": "admin"}"""u8.ToArray())}.{parts[2]}"));
    }

    [Theory]
    [InlineData("ES256", "P-256", "nistP256"), InlineData("ES384", "P-384", "nistP384"), InlineData("ES512", "P-521", "nistP521")]
    public void A_token_of_a_curve_is_believed_with_its_own_algorithm_alone(string algorithm, string crv, string named)
    {
        using var ours = ECDsa.Create(ECCurve.CreateFromFriendlyName(named));
        using var theirs = ECDsa.Create(ECCurve.CreateFromFriendlyName(named));
        using var jwt = Verifier(Jwk(theirs, "b", crv), Jwk(ours, "a", crv));
        Assert.Equal("clerk", jwt.Verify(Sign(algorithm, "a", text => ours.SignData(text, Hash(algorithm)))).GetProperty("role").GetString());
        // Without an id every key that fits is tried.
        Assert.Equal("clerk", jwt.Verify(Sign(algorithm, null, text => ours.SignData(text, Hash(algorithm)))).GetProperty("role").GetString());
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "b", text => ours.SignData(text, Hash(algorithm)))));
        var other = algorithm == "ES256" ? "ES384" : "ES256";
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(other, "a", text => ours.SignData(text, Hash(other)))));
    }

    [Fact]
    public void A_public_key_is_no_secret()
    {
        var rsa = ourKey;
        using var jwt = Verifier(Jwk(rsa, "a"));
        var key = Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem());
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign("HS256", "a", text => HMACSHA256.HashData(key, text))));
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign("HS256", "a", text => HMACSHA256.HashData(rsa.ExportParameters(false).Modulus!, text))));
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign("none", "a", _ => [])));
    }

    [Theory]
    [InlineData("HS256"), InlineData("HS384"), InlineData("HS512")]
    public void A_secret_of_a_set_is_one_too(string algorithm)
    {
        var secret = RandomNumberGenerator.GetBytes(64);
        using var jwt = Verifier(new { kty = "oct", kid = "s", k = Part(secret) });
        byte[] Mac(byte[] text) => algorithm switch { "HS256" => HMACSHA256.HashData(secret, text), "HS384" => HMACSHA384.HashData(secret, text), _ => HMACSHA512.HashData(secret, text) };
        Assert.Equal("clerk", jwt.Verify(Sign(algorithm, "s", Mac)).GetProperty("role").GetString());
        Assert.Throws<JwtRefused>(() => jwt.Verify(Sign(algorithm, "s", text => [.. Mac(text)[..^1], 0, 1])));
    }
}
