using WanSharp.Engine.Denoising;
using WanSharp.Engine.Previews;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Shows one clip's estimates while steps go on: the newest there is when the last one was shown, and the last step's.</summary>
/// <param name="clip">The clip.</param>
/// <param name="show">Takes the pictures.</param>
/// <param name="picture">Makes pictures of latents.</param>
/// <param name="fps">Frames of them a second.</param>
internal sealed class PreviewShow(
    ClipRun clip,
    Func<PreviewFrames, CancellationToken, ValueTask> show,
    Func<Tensor, Task<PreviewPictures>> picture,
    double fps
)
{
    // Of the time since the clip's first step: what making pictures may take in all, the first ones and the last ones apart.
    private const double MostShare = 0.02;

    private readonly long _began = clip.Clock.Time.GetTimestamp();
    private Task _showing = Task.CompletedTask;
    private TimeSpan _making;

    /// <summary>Whether nothing is being shown, and making pictures of all steps until now took little of their time.</summary>
    public bool IsWanted => _showing.IsCompleted && _making <= MostShare * clip.Clock.Time.GetElapsedTime(_began);

    /// <summary>Shows what a step left, unless an earlier one is still being shown; the last step's is shown after it.</summary>
    /// <exception cref="Exception">The last one could not be shown.</exception>
    public void Offer(DenoiseState state)
    {
        if (state.Estimate?.TakeOut() is not { } latents)
        {
            return;
        }

        if (_showing.IsCompleted)
        {
#pragma warning disable VSTHRD002 // it has ended
            _showing.GetAwaiter().GetResult(); // throws what it failed with
#pragma warning restore VSTHRD002
        }

        var (before, step, steps) = (_showing, state.Sampler.NextStep, state.Sampler.StepCount);
        _showing = Task.Run(() => ShowAsync(before, latents, step, steps));
    }

    /// <summary>Waits for the last one, whatever becomes of the clip; throws what it failed with.</summary>
    public Task FinishAsync() => _showing;

    private async Task ShowAsync(Task before, Tensor latents, int step, int steps)
    {
        using (latents)
        {
            await before.ConfigureAwait(false); // throws what it failed with
            var pictures = await picture(latents).ConfigureAwait(false);
            _making += pictures.Making;
            var frames = new PreviewFrames(step, steps, pictures.Width, pictures.Height, fps, pictures.Frames);
            await show(frames, clip.Cancelled).ConfigureAwait(false);
        }
    }
}
