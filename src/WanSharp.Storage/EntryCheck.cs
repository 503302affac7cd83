namespace WanSharp.Storage;

/// <summary>How much of an entry is looked at when it is opened.</summary>
public enum EntryCheck
{
    /// <summary>Every byte: for what is small or read whole anyway.</summary>
    Whole,

    /// <summary>
    /// The length of each file and its first 64 KiB, and the rest of a file that was written to since: for gigabytes that are
    /// mapped. Entries are flushed to disk before they appear, so that a power failure leaves none that is cut short;
    /// <see cref="ContentEntry.Verify"/> reads the rest.
    /// </summary>
    Start,
}
