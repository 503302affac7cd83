namespace WanSharp.Media;

/// <summary>An image or a clip could not be read or written. The message is one line for the user: what, where, the way out.</summary>
public sealed class MediaException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One line for the user.</param>
    /// <param name="inner">The exception that caused this one, if there is one.</param>
    public MediaException(string message, Exception? inner = null)
        : base(message, inner) { }
}
