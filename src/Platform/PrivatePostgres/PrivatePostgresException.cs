namespace Clientele.Platform.PrivatePostgres;

/// <summary>The private PostgreSQL cannot be used. The message is one line for the person at the terminal: what is wrong, and the cure.</summary>
public sealed class PrivatePostgresException : Exception
{
    public PrivatePostgresException(string message) : base(message) { }

    public PrivatePostgresException(string message, Exception inner) : base(message, inner) { }

    public PrivatePostgresException() { }
}
