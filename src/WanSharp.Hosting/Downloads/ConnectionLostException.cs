namespace WanSharp.Hosting.Downloads;

/// <summary>A connection could not be made, ended early, or brought nothing for too long.</summary>
internal sealed class ConnectionLostException(string message, Exception? cause = null) : IOException(message, cause);
