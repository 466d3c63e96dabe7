using Clientele.Platform.Migrations;

namespace Clientele.Platform;

/// <summary>What the operator says of mail, links and sign-in elsewhere.</summary>
/// <param name="BaseUrl">The address people use; links in mails begin with it.</param>
/// <param name="Mail">Null: none is sent, and links are shown instead.</param>
/// <param name="OAuth">Null: nobody signs in by another service.</param>
/// <param name="CountryHeader">A header that a proxy always sets.</param>
/// <param name="CityHeader">The same, for the city.</param>
public sealed record PlatformOptions(Uri BaseUrl, MailOptions? Mail, OAuthSettings? OAuth, string? CountryHeader = null, string? CityHeader = null)
{
    /// <param name="port">Of this server, for the address when none is given.</param>
    /// <exception cref="SetupException">A variable is not what it must be; its name is in the message.</exception>
    public static PlatformOptions FromEnvironment(int port)
    {
        var given = Word("CLIENTELE_BASE_URL") ?? $"http://localhost:{port}";
        if (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new SetupException($"CLIENTELE_BASE_URL is \"{given}\"; it must be an address such as https://clientele.example.com.");
        return new PlatformOptions(address, MailOptions.FromEnvironment(), OAuthSettings.FromEnvironment(), Word("CLIENTELE_COUNTRY_HEADER"), Word("CLIENTELE_CITY_HEADER"));
    }

    /// <summary>The address of a page of the console.</summary>
    public string Link(string path) => BaseUrl.ToString().TrimEnd('/') + path;

    /// <summary>What a variable says; null also when it is there and empty, as files of variables often have it.</summary>
    public static string? Word(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } word ? word : null;
}

/// <summary>How mail goes out: over SMTP, with STARTTLS unless the address says otherwise.</summary>
/// <param name="From">Sender's address.</param>
public sealed record MailOptions(string Host, int Port, bool Tls, string? User, string? Password, string From)
{
    internal static MailOptions? FromEnvironment()
    {
        if (PlatformOptions.Word("CLIENTELE_SMTP") is not { } given) return null;
        if (!Uri.TryCreate(given, UriKind.Absolute, out var server) || server.Scheme is not ("smtp" or "smtp+plain") || server.Host.Length == 0)
            throw new SetupException("CLIENTELE_SMTP must be smtp://USER:PASSWORD@HOST:PORT, or smtp+plain://… for a server that speaks no TLS.");
        var from = PlatformOptions.Word("CLIENTELE_MAIL_FROM") ?? throw new SetupException("CLIENTELE_MAIL_FROM is missing: the address that mails come from.");
        if (!System.Net.Mail.MailAddress.TryCreate(from, out _)) throw new SetupException($"CLIENTELE_MAIL_FROM is \"{from}\", which is no e-mail address.");
        var login = server.UserInfo.Split(':', 2);
        return new MailOptions(server.Host, server.Port > 0 ? server.Port : 587, server.Scheme == "smtp",
            login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : null, login.Length == 2 ? Uri.UnescapeDataString(login[1]) : null, from);
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>A service people may sign in by, with OAuth 2.</summary>
/// <param name="Name">As the button says it.</param>
/// <param name="TrustEmail">Take the address even when the service does not say that it was verified.</param>
public sealed record OAuthSettings(string Name, Uri Authorize, Uri Token, Uri UserInfo, string ClientId, string ClientSecret, string Scope, bool TrustEmail)
{
    internal static OAuthSettings? FromEnvironment()
    {
        if (PlatformOptions.Word("CLIENTELE_OAUTH_CLIENT_ID") is not { } client) return null;
        return new OAuthSettings(PlatformOptions.Word("CLIENTELE_OAUTH_NAME") ?? "OAuth", Address("CLIENTELE_OAUTH_AUTHORIZE_URL"), Address("CLIENTELE_OAUTH_TOKEN_URL"), Address("CLIENTELE_OAUTH_USERINFO_URL"),
            client, PlatformOptions.Word("CLIENTELE_OAUTH_CLIENT_SECRET") ?? throw new SetupException("CLIENTELE_OAUTH_CLIENT_SECRET is missing."),
            PlatformOptions.Word("CLIENTELE_OAUTH_SCOPE") ?? "openid email", PlatformOptions.Word("CLIENTELE_OAUTH_TRUST_EMAIL") == "true");
    }

    /// <summary>Without the secret.</summary>
    public override string ToString() => Name;

    private static Uri Address(string variable) =>
        Uri.TryCreate(PlatformOptions.Word(variable), UriKind.Absolute, out var address) ? address : throw new SetupException($"{variable} must be an address of the service people sign in by.");
}
