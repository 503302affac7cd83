namespace WanSharp.Jobs.Storage;

/// <summary>Jobs cannot be read or kept. The message is one line for the user: what, where, the way out.</summary>
public sealed class JobStoreException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One line for the user.</param>
    /// <param name="inner">The exception that caused this one, if there is one.</param>
    public JobStoreException(string message, Exception? inner = null)
        : base(message, inner) { }
}
