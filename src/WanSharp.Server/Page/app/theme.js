// Runs before the first paint, so that nothing flashes: the chosen colours, unless the system's are followed.
{
    let chosen = null;
    try {
        chosen = localStorage.getItem("wan.theme");
    } catch {
        // storage is switched off: the system's colours are followed
    }
    if (chosen === "light" || chosen === "dark") {
        document.documentElement.dataset.theme = chosen;
    }
}
