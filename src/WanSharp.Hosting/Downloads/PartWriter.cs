namespace WanSharp.Hosting.Downloads;

/// <summary>Writes what a connection brings into a file, one piece after another, and notes it.</summary>
internal sealed class PartWriter(PartialFile part, long from, long noteEvery, IProgress<long>? progress)
{
    private long _noted = from; // what came before it is in the file's journal

    /// <summary>The place after the last byte.</summary>
    public long At { get; private set; } = from;

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await part.WriteAsync(At, bytes, cancellationToken).ConfigureAwait(false);
        At += bytes.Length;
        progress?.Report(bytes.Length);
        if (At - _noted >= noteEvery)
        {
            Note();
        }
    }

    /// <summary>Forgets the whole file, and begins at its beginning.</summary>
    public void Restart()
    {
        progress?.Report(-part.Count - (At - _noted));
        part.Clear();
        At = _noted = 0;
    }

    /// <summary>Notes what was written.</summary>
    public void Note()
    {
        part.Note(_noted, At);
        _noted = At;
    }
}
