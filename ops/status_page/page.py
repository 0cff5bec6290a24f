"""Looks at the page in Chromium: a mining miner's by keyboard alone, then every state that it may be in, each in two dresses.

Screenshots of all of it are kept, for people to look at. What a machine can judge is judged: the words of the verdict, the
width, the console, requests to elsewhere, the focus, and by axe-core (PyPI: axe-playwright-python) names, roles and contrast.
"""
import re
import shutil
import time

import scenes

DRIVER = re.compile(r"^\[\.WebGL.*GL Driver Message .*Performance")  # of taking the picture of a WebGL canvas
VIEWS = {"desktop-light": (1280, 900), "phone-dark": (390, 844), "desktop-dark": (1280, 900), "phone-light": (390, 844)}
# The tasks of the first scene whose story is opened, and whether each has a result to turn.
STORIES = {"picture": ("t => t.outcome === 'retry_passed' && t.kind === 'image'", True), "prompt": ("t => t.has_result && t.kind === 'text'", True),
           "being-made": ("t => t.state === 'open'", False), "being-submitted": ("t => t.state === 'submitting'", False),
           "rejected": ("t => t.outcome === 'rejected'", False), "error": ("t => t.outcome === 'error'", False)}


class Looker:
    """One browser, and what was found wrong."""

    def __init__(self, browser, out, axe):
        self.browser, self.out, self.axe, self.faults = browser, out, axe, []

    def open(self, url, view, name, may_fail=False, **options):
        width, height = VIEWS[view]
        page = self.browser.new_page(viewport={"width": width, "height": height}, color_scheme=view.split("-")[1], **options)
        page.set_default_timeout(60_000)
        where = f"{name} {view}"
        refused = "Failed to load resource"
        page.on("console", lambda m: self.faults.append(f"{where}: console: {m.text}") if m.type in ("error", "warning")
                and not DRIVER.search(m.text) and not (may_fail and m.text.startswith(refused)) else None)
        page.on("pageerror", lambda e: self.faults.append(f"{where}: {e}"))
        page.on("request", lambda r: None if r.url.startswith((url + "/", "data:")) else self.faults.append(f"{where}: asked for {r.url}"))
        page.goto(url + "/")
        return page

    def judge(self, page, where, whole=True):
        """Width, names, roles and contrast of what is to be seen; its picture."""
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.faults.append(f"{where}: {wide} pixels wider than the window")
        page.screenshot(path=self.out / f"{where}.png", full_page=whole)
        if not self.axe:
            return
        for violation in self.axe.run(page).response["violations"]:
            places = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
            self.faults.append(f"{where}: {violation['id']} ({violation['impact']}): {places}")

    def say(self, holds, fault):
        if not holds:
            self.faults.append(fault)
        return holds


def scroll_through(page, pause):
    # Pictures come when they are looked at.
    for _ in range(8):
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(pause)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(pause)


def comes(page, holds, limit_s=90):
    """Whether it holds within the time."""
    end = time.monotonic() + limit_s
    while not holds() and time.monotonic() < end:
        page.wait_for_timeout(200)
    return holds()


def look_at_scene(looker, scene, view):
    with scenes.Stage(scene) as stage:
        page = looker.open(stage.url, view, scene.name, may_fail=bool(scene.broken or scene.silent or scene.cut_off or scene.refusals))
        page.wait_for_timeout(1200)
        word, tone = page.text_content("#status"), page.get_attribute("#verdict", "class")
        looker.say(word == scene.word and scene.tone in tone.split(), f"{scene.name} {view}: says '{word}' ({tone})")
        looker.say(page.evaluate("document.getElementById('verdict').getBoundingClientRect().bottom") < VIEWS[view][1] / 2,
                   f"{scene.name} {view}: the verdict is not to be seen at once")
        scroll_through(page, 120)
        looker.judge(page, f"{scene.name}-{view}")
        looker.say(page.is_visible("#welcome") == (not scene.tasks and not scene.silent and scene.now["phase"] == "running" or scene.name == "loading"),
                   f"{scene.name} {view}: {'does not explain itself' if not scene.tasks else 'explains what is there'}")
        looker.say(page.is_visible("#predictions canvas") == bool(scene.predictions), f"{scene.name} {view}: predictions {'missing' if scene.predictions else 'out of nothing'}")
        if scene.name == "predicted":
            look_at_predictions(looker, page, scene, view)
        if scene.refusals:
            look_at_refusals(looker, page, scene, f"{scene.name} {view}")
        if scene.cut_off:
            look_at_cut_off(looker, page, stage, f"{scene.name} {view}")
        if scene.name == "earning":
            look_at_filters(looker, page, stage.url, view)
            for story, (which, has_result) in STORIES.items():
                page.evaluate(f"Detail.open(tasks.find({which}).id, now)")
                page.wait_for_timeout(1500)
                where = f"task-{story}-{view}"
                looker.say(page.is_visible("#viewer") == has_result, f"{where}: viewer {'missing' if has_result else 'without a result'}")
                looker.say(page.is_visible("#input-figure img, #input-figure blockquote"), f"{where}: no input")
                if story.startswith("being"):
                    looker.say(page.is_visible("#progress [aria-current=step]"), f"{where}: does not say how far it is")
                looker.judge(page, where, whole=False)
                page.keyboard.press("Escape")
            look_at_renewal(looker, page, view)
            look_at_closing(looker, page, view)
            # From a card that more recent ones push out of the page meanwhile.
            page.evaluate("document.querySelector('#gallery li:last-child button').focus()")
            page.keyboard.press("Enter")
            page.wait_for_timeout(1500)
            page.focus("#close")
            page.evaluate("document.querySelector('#gallery li:last-child').remove()")
            page.keyboard.press("Escape")
            page.wait_for_timeout(500)
            looker.say(page.evaluate("!!document.activeElement.closest('#gallery')"), f"{view}: the focus goes with the card")
        page.close()


def look_at_refusals(looker, page, scene, where):
    """A picture that comes at last, one that is gone, one that never comes, and an input that does not."""
    ends = [("img", "does not show what comes later"), (".none:text-is('not kept any more')", "does not say that it is gone"),
            (".none:text-is('cannot be drawn just now')", "does not say that it cannot be drawn")]
    tasks = [path.split("/")[3] for path in scene.refusals if path.endswith("preview.png")]
    for task, (what, fault) in zip(tasks, ends):
        card = page.query_selector(f"#gallery [data-id='{task}']")
        card.scroll_into_view_if_needed()
        looker.say(comes(page, lambda: card.query_selector(what)), f"{where}: task {task} {fault}: '{card.text_content()}'")
    looker.say(page.evaluate("document.querySelectorAll('#gallery img').length") >= 2, f"{where}: what comes at once is not shown")
    page.evaluate(f"Detail.open({tasks[0]}, now)")
    looker.say(comes(page, lambda: "cannot be read just now" in page.text_content("#input-figure")),
               f"{where}: says '{page.text_content('#input-figure')}' of an input that is refused")
    page.keyboard.press("Escape")


def look_at_cut_off(looker, page, stage, where):
    """The way to the miner breaks without a word, as with its power or a tunnel, and is mended."""
    says = lambda word: comes(page, lambda: page.text_content("#status") == word)
    stage.cut.set()
    page.evaluate("void refresh()")
    looker.say(says("not reached"), f"{where}: goes on saying '{page.text_content('#status')}' though nothing comes")
    looker.say(comes(page, lambda: "cannot be read" in page.text_content("#fault")), f"{where}: waits for statistics for good")
    stage.cut.clear()
    looker.say(says("earning"), f"{where}: does not come back")


def look_at_closing(looker, page, view):
    """A story that is closed while it is read anew, as its task has just ended."""
    where, held = f"closing-{view}", []
    task = page.evaluate("tasks.find(t => t.state === 'open').id")
    page.evaluate(f"Detail.open({task}, now)")
    page.wait_for_selector("#detail[open]")
    story = f"**/api/tasks/{task}"
    page.route(story, lambda route: held.append(route))
    page.evaluate(f"Detail.renew([{{ ...tasks.find(t => t.id === {task}), state: 'answered' }}], now)")
    page.wait_for_timeout(500)
    looker.say(len(held) == 1, f"{where}: a task that ended is asked for {len(held)} times, not once")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    looker.say(not page.is_visible("#detail"), f"{where}: Escape does not close the story")
    for route in held:
        route.continue_()
    page.wait_for_timeout(1000)
    looker.say(not page.is_visible("#detail"), f"{where}: a closed story opens by itself again")
    page.unroute(story)
    if page.is_visible("#detail"):
        page.keyboard.press("Escape")


def look_at_renewal(looker, page, view):
    """A story of which an attempt was cut off, while all is read anew and nothing has changed."""
    where, asked = f"renewal-{view}", []
    task = page.evaluate("tasks.find(t => t.state === 'open').id")
    page.evaluate(f"Detail.open({task}, now)")
    page.wait_for_selector("#detail[open]")
    looker.say("(cut off)" in page.text_content("#story"), f"{where}: does not tell the attempt that was cut off")
    count = lambda request: asked.append(request.url) if request.url.endswith(f"/api/tasks/{task}") else None
    page.on("request", count)
    page.evaluate("refresh()")
    page.wait_for_timeout(500)
    page.remove_listener("request", count)
    looker.say(not asked, f"{where}: a story that is still right is read again")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)


def look_at_filters(looker, page, url, view):
    """By keyboard and hand, then as an address that somebody passed on."""
    where = f"filters-{view}"
    validator = page.evaluate("tasks.find(t => t.score !== null && t.score < 0.8).validator")
    page.select_option("#filter-validator", validator)
    page.fill("#filter-below", "0.8")
    page.keyboard.press("Tab")
    page.wait_for_timeout(800)
    wanted = page.evaluate(f"tasks.filter(t => t.validator === '{validator}' && t.score !== null && t.score < 0.8).length")
    looker.say(page.text_content("#found") == f"{wanted} tasks", f"{where}: found {page.text_content('#found')}, not {wanted}")
    looker.say("below=0.8" in page.url and validator in page.url, f"{where}: the filter is not in the address")
    page.query_selector("#gallery").scroll_into_view_if_needed()
    looker.judge(page, where, whole=False)
    page.reload()
    page.wait_for_timeout(1500)
    looker.say(page.input_value("#filter-below") == "0.8" and page.text_content("#found") == f"{wanted} tasks", f"{where}: an address with a filter shows something else")
    page.select_option("#filter", "error")
    page.wait_for_timeout(800)
    looker.say(page.text_content("#no-results") == "No task is so.", f"{where}: does not say that there is none")
    page.click("#filter-clear")
    page.wait_for_timeout(800)
    looker.say(page.url == url + "/" and not page.is_visible("#filter-clear"), f"{where}: cannot be cleared")
    page.click("#more")
    page.wait_for_timeout(500)
    looker.say(page.evaluate("document.querySelectorAll('#gallery li').length") > 48, f"{where}: no older ones")


def look_at_comparison(looker, page, view, end):
    """An attempt beside another, then beside another task's result; both turned by keyboard."""
    where = f"compare-{end}-{view}"
    beside = page.query_selector_all("#choices select")[-1]
    groups = [group.get_attribute("label") for group in beside.query_selector_all("optgroup")]
    looker.say(groups == ["This task", "Results of other tasks"], f"{where}: offers {groups}")
    for group in range(1, 3):
        beside.select_option(beside.query_selector(f"optgroup:nth-of-type({group}) option:last-child").get_attribute("value"))
        page.wait_for_timeout(1200)
        looker.say(page.is_visible("#viewer") and page.is_visible("#beside"), f"{where}: not side by side")
        tops = [page.query_selector(canvas).bounding_box()["y"] for canvas in ("#viewer", "#beside")]
        looker.say(tops[0] == tops[1], f"{where}: one below the other: {tops}")
        page.focus("#beside")
        for key in ("ArrowLeft",) * 4 + ("+",) * 2:
            page.keyboard.press(key)
        page.wait_for_timeout(600)
        page.evaluate("document.getElementById('detail').scrollTo(0, 0)")
        looker.judge(page, f"{where}-{group}", whole=False)
    beside.select_option("0.")
    looker.say(not page.is_visible("#beside"), f"{where}: does not stop comparing")
    looker.say(page.evaluate("document.querySelectorAll('#links a').length") == 4, f"{where}: not every kind of file")


def look_at_predictions(looker, page, scene, view):
    """Each plot by itself, then the stories of a result that was sent and of one that was withheld."""
    for i, figure in enumerate(page.query_selector_all("#predictions figure")):
        figure.screenshot(path=looker.out / f"predicted-{view}-plot{i}.png")
    for end in ("accepted", "withheld"):
        task = next(p["task"] for p in scene.predictions if p["end"] == end)
        page.evaluate(f"Detail.open({task}, now)")
        page.wait_for_timeout(1000)
        where = f"task-{end}-{view}"
        looker.say("\u202e" not in page.text_content("#story") and "\x1b" not in page.text_content("#story"), f"{where}: a scorer's name steers the page")
        look_at_comparison(looker, page, view, end)
        page.evaluate("[...document.querySelectorAll('#story h3')].find(h => h.textContent === 'Predicted scores').scrollIntoView()")
        looker.judge(page, where, whole=False)
        page.keyboard.press("Escape")


def look_by_keyboard(looker, url, view):
    """A real miner's page, then a result of it, turned."""
    faults = looker.faults
    page = looker.open(url, view, "mining")
    page.wait_for_selector("#gallery li")
    # The policy of the page lets nobody evaluate text, so there is nothing to wait for but time.
    page.wait_for_timeout(4000)
    page.screenshot(path=looker.out / f"mining-{view}-top.png")
    scroll_through(page, 700)
    looker.judge(page, f"mining-{view}")
    page.keyboard.press("Tab")
    looker.say(page.evaluate("document.activeElement.className") == "skip", f"{view}: the first Tab does not lead past the head")
    page.keyboard.press("Enter")
    tops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        tops.append(page.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
        if page.evaluate("!!document.activeElement.querySelector('img')"):
            break
    else:
        faults.append(f"{view}: no Tab reaches a result in the gallery")
        return
    looker.say(tops == sorted(tops), f"{view}: the focus jumps up the page: {tops}")
    looker.say(page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", f"{view}: the focus cannot be seen")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[open] #story table")
    page.wait_for_timeout(2500)
    looker.say(page.evaluate("document.getElementById('detail').contains(document.activeElement)"), f"{view}: the focus stays behind the result")
    looker.judge(page, f"mining-{view}-detail", whole=False)
    page.focus("#viewer")
    for key in ("ArrowLeft",) * 6 + ("ArrowUp",) * 3 + ("+",) * 3:
        page.keyboard.press(key)
    page.wait_for_timeout(1500)
    page.screenshot(path=looker.out / f"mining-{view}-turned.png")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    looker.say(not page.evaluate("document.getElementById('detail').open"), f"{view}: Escape does not close the result")
    looker.say(page.evaluate("!!document.activeElement.closest('#gallery')"), f"{view}: the focus is lost when the result is closed")
    page.close()


def check(out, url=None):
    """A mining miner's page at `url`, or without one all the scenes. Whether all was well; None when a tool is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("left out: page (no playwright)")
        return None
    browser_path = shutil.which("chromium")
    if not browser_path:
        print("left out: page (no chromium)")
        return None
    axe = None
    try:
        from axe_playwright_python.sync_playwright import Axe
        axe = Axe()
    except ImportError:
        print("left out: names, roles and contrast of the page (no axe-playwright-python)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--enable-unsafe-swiftshader"])
        looker = Looker(browser, out, axe)
        for view in list(VIEWS)[:2 if url else 0]:
            look_by_keyboard(looker, url, view)
            print(f"looked at: a mining miner, {view}", flush=True)
        for scene in [] if url else scenes.scenes():
            for view in list(VIEWS)[:None if scene.name == "earning" else 2]:
                look_at_scene(looker, scene, view)
            print(f"looked at: {scene.name}", flush=True)
        browser.close()
    for fault in looker.faults:
        print("WRONG:", fault)
    print(f"{'ok' if not looker.faults else 'WRONG'}: page, screenshots in {out}")
    return not looker.faults
