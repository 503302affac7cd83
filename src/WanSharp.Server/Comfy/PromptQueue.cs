using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>The jobs that came as prompts of ComfyUI's API. Thread-safe.</summary>
/// <param name="queue">All jobs.</param>
internal sealed class PromptQueue(VideoQueue queue)
{
    private const int PageSize = 50; // each may have kept a megabyte

    /// <summary>A prompt; null where there is none of that id.</summary>
    public PromptView? Find(string? id) =>
        Guid.TryParseExact(id, "D", out var guid) && queue.Find(VideoId.Of(guid), Caller.Anyone) is { } job ? PromptView.Of(job) : null;

    /// <summary>The prompt that a video is; null for one that came another way.</summary>
    public PromptView? OfVideo(string? video) =>
        video is not null && queue.Find(video, Caller.Anyone) is { } job ? PromptView.Of(job) : null;

    /// <summary>Prompts in a state, in the order in which they came, or the reverse.</summary>
    /// <param name="state">The state; null for any.</param>
    /// <param name="newestFirst">Whether the newest comes first.</param>
    public IEnumerable<PromptView> All(JobState? state, bool newestFirst = false)
    {
        long? after = null;
        while (true)
        {
            var page = queue.Page(
                new JobPage
                {
                    After = after,
                    Limit = PageSize,
                    NewestFirst = newestFirst,
                    State = state,
                },
                Caller.Anyone
            );
            foreach (var view in page.Select(PromptView.Of).OfType<PromptView>())
            {
                yield return view;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    /// <summary>Takes a prompt out of the queue; one that runs is stopped within a step.</summary>
    /// <returns>Whether it waited or ran.</returns>
    public bool Stop(PromptView view)
    {
        switch (view.Job.State)
        {
            case JobState.Queued:
                queue.Delete(view.Job);
                return true;
            case JobState.Running:
                return queue.Change([view.Job.Id], VideoChange.Cancel, Caller.Anyone) == 1;
            default:
                return false;
        }
    }
}
