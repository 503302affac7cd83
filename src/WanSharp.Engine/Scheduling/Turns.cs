namespace WanSharp.Engine.Scheduling;

/// <summary>What one caller at a time does.</summary>
internal static class Turns
{
    /// <summary>Waits for a turn, acts, and lets the next one in.</summary>
    /// <param name="turn">A semaphore of one.</param>
    /// <param name="act">What is done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<T> InTurnAsync<T>(this SemaphoreSlim turn, Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await act().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }
}
