namespace WanSharp.Jobs;

/// <summary>
/// Nothing can be made at present, whatever the job: no server answers, the disk is full. The message is one line for the user: what,
/// where,
/// the way out. No attempt is counted.
/// </summary>
public sealed class BackendUnavailableException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One line for the user.</param>
    /// <param name="inner">The exception that caused this one, if there is one.</param>
    public BackendUnavailableException(string message, Exception? inner = null)
        : base(message, inner) { }
}
