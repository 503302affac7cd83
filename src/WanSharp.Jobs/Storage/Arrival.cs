namespace WanSharp.Jobs.Storage;

/// <summary>Jobs of one caller on their way into the queue: all come in, or none.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="clips">Outputs whose file is there, and is their job's clip although the folder does not know of it.</param>
/// <param name="admits">Looks within the transaction whether they may come; false leaves them out, an exception refuses them.</param>
internal sealed class Arrival(IReadOnlyCollection<NewJob> jobs, IReadOnlySet<string>? clips = null, Func<bool>? admits = null)
{
    private readonly TaskCompletionSource<int> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _added;
    private Exception? _refusal;

    /// <summary>The jobs.</summary>
    public IReadOnlyCollection<NewJob> Jobs => jobs;

    /// <summary>Whether they may come now.</summary>
    public bool IsAdmitted => admits?.Invoke() != false;

    /// <summary>Ends when they are kept, with how many were new.</summary>
    public Task<int> Done => _done.Task;

    /// <summary>Whether an output is a clip of these jobs already.</summary>
    public bool HasClip(string output) => clips?.Contains(output) == true;

    /// <summary>Notes how many are new; they are not kept yet.</summary>
    public void Note(int added) => _added = added;

    /// <summary>Notes what is wrong with them; it is told when the others are kept, among which may be those that they meet.</summary>
    public void Refuse(Exception exception) => _refusal = exception;

    /// <summary>They are kept, or none of them is and it is told why.</summary>
    public void Complete()
    {
        if (_refusal is null)
        {
            _done.TrySetResult(_added);
        }
        else
        {
            _done.TrySetException(_refusal);
        }
    }

    /// <summary>They cannot be kept.</summary>
    public void Fail(Exception exception) => _done.TrySetException(exception);
}
