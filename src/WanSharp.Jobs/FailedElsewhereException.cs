namespace WanSharp.Jobs;

/// <summary>
/// A job failed on another machine: what the message says of disks and folders is about that machine, not about this one.
/// </summary>
internal class FailedElsewhereException(string message) : IOException(message);
