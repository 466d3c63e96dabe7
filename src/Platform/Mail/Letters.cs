namespace Clientele.Platform.Mail;

/// <summary>What the mails to staff say, in the language of whoever reads them.</summary>
internal static class Letters
{
    public sealed record Letter(string Subject, string Text);

    public static Letter Invitation(string language, string organization, string inviter, string link) => language == "fr"
        ? new($"Invitation à rejoindre {organization}", $"""
            {inviter} vous invite à travailler dans {organization}.

            Pour accepter, ouvrez ce lien dans les sept jours :
            {link}

            Si vous n'attendiez pas cette invitation, ignorez ce message.
            """)
        : new($"Invitation to {organization}", $"""
            {inviter} invites you to work in {organization}.

            To accept, open this link within seven days:
            {link}

            If you did not expect this invitation, ignore this message.
            """);

    public static Letter Reset(string language, string link) => language == "fr"
        ? new("Choisir un nouveau mot de passe", $"""
            Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour cette adresse.

            Pour le choisir, ouvrez ce lien dans l'heure. Il ne sert qu'une fois :
            {link}

            Si ce n'était pas vous, ignorez ce message : rien ne change.
            """)
        : new("Choose a new password", $"""
            Somebody, probably you, asked for a new password for this address.

            To choose it, open this link within an hour. It works once:
            {link}

            If it was not you, ignore this message: nothing changes.
            """);

    public static Letter Verification(string language, string link) => language == "fr"
        ? new("Confirmer votre adresse", $"""
            Pour confirmer que cette adresse est la vôtre, ouvrez ce lien :
            {link}
            """)
        : new("Confirm your address", $"""
            To confirm that this address is yours, open this link:
            {link}
            """);

    public static Letter NewPlace(string language, string device, string address, string link) => language == "fr"
        ? new("Connexion depuis un nouvel appareil", $"""
            Quelqu'un s'est connecté à votre compte avec un appareil et depuis une adresse que nous ne connaissions pas :
            {device}, {address}

            Si ce n'était pas vous, mettez fin à cette session et changez de mot de passe :
            {link}
            """)
        : new("Sign-in from a new device", $"""
            Somebody signed in to your account with a device and from an address we had not seen before:
            {device}, {address}

            If it was not you, end that session and change your password:
            {link}
            """);
}
