namespace WanSharp.Runtime.Providers;

/// <summary>Spreads graphs to be compiled over devices by what those can do. Pure.</summary>
/// <remarks>
/// The longest task goes first, each to the device that would have it done first: never more than a third later than the best
/// spread where devices are alike (Graham, Bounds on multiprocessing timing anomalies, 1969).
/// </remarks>
public static class CompileSpread
{
    /// <summary>Which device compiles each graph.</summary>
    /// <param name="tasks">The graphs; a device compiles one after another.</param>
    /// <param name="devices">The devices.</param>
    /// <returns>For each task the position of its device, or null where no device can take it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A device's speed is not more than 0.</exception>
    public static IReadOnlyList<int?> Assign(IReadOnlyList<CompileTask> tasks, IReadOnlyList<CompileDevice> devices)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(devices);
        foreach (var device in devices)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(device.Speed, nameof(devices));
        }

        var free = new double[devices.Count]; // when each device has done what it was given
        var assigned = new int?[tasks.Count];
        foreach (var task in Enumerable.Range(0, tasks.Count).OrderByDescending(task => tasks[task].Work))
        {
            assigned[task] = Enumerable
                .Range(0, devices.Count)
                .Where(device => devices[device].CanTake(tasks[task]))
                .Select(device => (int?)device)
                .MinBy(device => Done(task, device!.Value));
            if (assigned[task] is { } chosen)
            {
                free[chosen] = Done(task, chosen);
            }
        }

        return assigned;

        double Done(int task, int device) => free[device] + (tasks[task].Work / devices[device].Speed);
    }
}
